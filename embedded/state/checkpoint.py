"""The checkpoint of one stack: Pulumi's format version 3, read and written.

Owns the document around the resources. Where it is kept is the backend's.
Source: recorded states; Pulumi's CheckpointV3 and DeploymentV3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state.codec import Codec
from embedded.state.resource import Resource

VERSION: Final = 3
"""The checkpoint format that is read and written."""

ENGINE_VERSION: Final = "v3.272.0"
"""What the manifest and `version` name: the release of the SDK whose protocol this engine speaks."""

_PASSPHRASE: Final = "passphrase"
_OWN: Final = ("manifest", "secrets_providers", "resources", "pending_operations", "metadata")
_EMPTY_MANIFEST: Final = {"time": "0001-01-01T00:00:00Z", "magic": "", "version": ""}


@dataclass
class Checkpoint:
    """What a stack has, what was being tried when it was last written, and the secrets it is encrypted with.

    `stack` is the fully qualified name. `codec` belongs to this checkpoint and keeps its ciphertexts stable; pass
    the same checkpoint to every save of a run. `written_salt` is what the file's secrets are encrypted under.
    """

    stack: str
    codec: Codec
    resources: list[Resource] = field(default_factory=list)
    pending_operations: list[tuple[str, Resource]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=lambda: dict(_EMPTY_MANIFEST))
    metadata: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    written_salt: str = ""

    @property
    def salt(self) -> str:
        """The salt that its secrets are encrypted under; "" without secrets provider."""
        return self.codec.secrets.salt if self.codec.secrets else ""

    def deployment_json(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """What `stack export` prints: `{"version": 3, "deployment": {…}}`."""
        document = self._frame()
        resources = [item.to_json(self.codec, show_secrets=show_secrets) for item in self.resources]
        operations = [
            {"resource": item.to_json(self.codec, show_secrets=show_secrets), "type": kind}
            for kind, item in self.pending_operations
        ]
        document |= {"resources": resources} if resources else {}
        document |= {"pending_operations": operations} if operations else {}
        return {"version": VERSION, "deployment": _ordered(document)}

    def encoded(self) -> str:
        """The file's text. Resources that have not changed since the last call cost a string join."""
        frame = {key: json.dumps(value, separators=(",", ":")) for key, value in self._frame().items()}
        if self.resources:
            frame["resources"] = "[" + ",".join(item.encoded(self.codec) for item in self.resources) + "]"
        if self.pending_operations:
            operations = (
                f'{{"resource":{item.encoded(self.codec)},"type":{json.dumps(kind)}}}'
                for kind, item in self.pending_operations
            )
            frame["pending_operations"] = "[" + ",".join(operations) + "]"
        return _file(self.stack, frame)

    def _frame(self) -> dict[str, Any]:
        """The deployment without its resources."""
        frame: dict[str, Any] = {"manifest": self.manifest}
        if self.codec.secrets:
            frame["secrets_providers"] = {"type": _PASSPHRASE, "state": {"salt": self.salt}}
        return {**frame, "metadata": self.metadata, **self.extra}


def new_manifest() -> dict[str, str]:
    """Time, version and the CLI's checksum of the version."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"time": now, "magic": hashlib.sha256(ENGINE_VERSION.encode()).hexdigest(), "version": ENGINE_VERSION}


def from_deployment(stack: str, deployment: Mapping[str, Any], secrets: PassphraseSecrets | None) -> Checkpoint:
    """The checkpoint of a decoded deployment, with secrets decrypted.

    `secrets` is the stack's; a deployment written under another salt is opened with the same passphrase and that
    salt. Raises EngineError for a wrong passphrase or another secrets provider.
    """
    salt = salt_of(deployment)
    codec = Codec(secrets.for_salt(salt) if secrets and salt else secrets)
    checkpoint = Checkpoint(
        stack=stack,
        codec=codec,
        resources=[Resource.from_json(item, codec) for item in deployment.get("resources") or ()],
        pending_operations=[
            (item["type"], Resource.from_json(item["resource"], codec))
            for item in deployment.get("pending_operations") or ()
        ],
        manifest=dict(deployment.get("manifest") or _EMPTY_MANIFEST),
        metadata=dict(deployment.get("metadata") or {}),
        extra={key: value for key, value in deployment.items() if key not in _OWN},
        written_salt=salt,
    )
    if secrets and codec.secrets is not secrets:  # re-encrypt under the stack's own salt from the next save on
        checkpoint.codec = Codec(secrets)
    return checkpoint


def salt_of(deployment: Mapping[str, Any]) -> str:
    """The passphrase salt that a deployment names, "" for none. Raises EngineError for another secrets provider."""
    provider = deployment.get("secrets_providers") or {}
    if not provider:
        return ""
    if provider.get("type") != _PASSPHRASE:
        raise EngineError(
            f"the state is encrypted by secrets provider {provider.get('type')!r}: "
            "the embedded engine has passphrase only; use the Pulumi CLI"
        )
    return str((provider.get("state") or {}).get("salt", ""))


def document(stack: str, deployment: Mapping[str, Any]) -> str:
    """The file's text for a deployment as it is written."""
    lists = ("resources", "pending_operations")
    present = {key: value for key, value in deployment.items() if value or key not in lists}
    texts = {key: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for key, value in present.items()}
    return _file(stack, texts)


def _file(stack: str, texts: Mapping[str, str]) -> str:
    latest = ",".join(f"{json.dumps(key)}:{text}" for key, text in _ordered(texts).items())
    return f'{{"version":{VERSION},"checkpoint":{{"stack":{json.dumps(stack)},"latest":{{{latest}}}}}}}'


def _ordered(deployment: Mapping[str, Any]) -> dict[str, Any]:
    order: Sequence[str] = [*_OWN, *(key for key in deployment if key not in _OWN)]
    return {key: deployment[key] for key in order if key in deployment}
