"""One resource of a checkpoint: in memory with secret markers, on disk exactly as the CLI writes it.

Owns names, order and omission rules of the fields. Ciphertexts are the codec's.
Source: recorded states; field list of Pulumi's ResourceV3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from embedded.state.codec import Codec
from embedded.values import Properties

_FIELDS: Final = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "taint": None,
    "external": "external",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "pendingReplacement": None,
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "importID": "import_id",
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "replaceWith": None,
    "created": "created",
    "modified": "modified",
    "sourcePosition": None,
    "stackTrace": None,
    "ignoreChanges": "ignore_changes",
    "hideDiff": None,
    "replaceOnChanges": "replace_on_changes",
}
"""JSON name -> attribute, in written order; None: kept in `extra`. Whatever else `extra` holds comes after."""

_ALWAYS: Final = ("urn", "custom", "type")


@dataclass(frozen=True)
class Resource:
    """A resource's state. Never changed: `dataclasses.replace` makes the next one, so its encoded form can be kept.

    `provider` is a reference `<urn>::<id>`; `delete` marks a replaced resource that still has to go; times are
    RFC 3339; `custom_timeouts` are seconds by operation; `extra` holds fields this engine doesn't use, so that a
    state made by the CLI loses nothing.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    delete: bool = False
    external: bool = False
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    deleted_with: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    import_id: str = ""
    created: str = ""
    modified: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    _encoded: tuple[Codec, str] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], codec: Codec) -> Resource:
        """The resource of a decoded checkpoint entry. Raises EngineError for a secret that can't be decrypted."""
        known = {name: attribute for name, attribute in _FIELDS.items() if attribute}
        values = {attribute: data[name] for name, attribute in known.items() if name in data}
        for name in ("inputs", "outputs"):
            values[name] = codec.decode(data["urn"], name, data.get(name) or {})
        return cls(**values, extra={name: value for name, value in data.items() if name not in known})

    def to_json(self, codec: Codec, *, show_secrets: bool = False) -> dict[str, Any]:
        """The checkpoint entry; with `show_secrets` secrets are written as plaintext, as `stack export` can."""
        values = {name: getattr(self, attribute) for name, attribute in _FIELDS.items() if attribute}
        for name in ("inputs", "outputs"):
            values[name] = codec.encode(self.urn, name, values[name], show_secrets=show_secrets)
        values["propertyDependencies"] = dict(sorted(self.property_dependencies.items()))
        order = [*_FIELDS, *(name for name in self.extra if name not in _FIELDS)]
        values.update(self.extra)
        return {name: values[name] for name in order if name in values and (name in _ALWAYS or values[name])}

    def encoded(self, codec: Codec) -> str:
        """The entry as compact JSON; computed once per resource, so a save costs only what has changed."""
        if self._encoded is None or self._encoded[0] is not codec:
            text = json.dumps(self.to_json(codec), ensure_ascii=False, separators=(",", ":"))
            object.__setattr__(self, "_encoded", (codec, text))
            return text
        return self._encoded[1]
