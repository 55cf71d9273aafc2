"""Runs a program against a monitor that records every registration as it went over the wire.

Pulumi's own mocks hide parents, options, outputs, duplicate names and secrets; the requests don't.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

from components import secret_values
from components.config import Settings, parse
from components.outputs import exports
from components.topology import Topology, build

ROOT = Path(__file__).resolve().parents[2]
SECRET = "1b47061264138c4ac30d75fd1eb44270"
SIGNATURE = "4dabf18193072939515e22adb298388d"


class _Answers(mocks.Mocks):
    """Gives resources the outputs that a provider computes; passwords are recognizable."""

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"unexpected call of {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        computed = {
            "random:index/randomPassword:RandomPassword": {"result": pulumi.Output.secret(f"Plain-{args.name}")},
            "random:index/randomId:RandomId": {"b64Std": "QUFBQUFBQUFBQUFBQUFBQQ=="},
            "docker:index/remoteImage:RemoteImage": {"imageId": f"sha256:{args.name}"},
        }
        return f"{args.name}-id", {**args.inputs, **computed.get(args.typ, {})}


@dataclass(frozen=True)
class Registered:
    """One registration: what the program asked the engine for."""

    type: str
    name: str
    urn: str
    parent: str
    custom: bool
    inputs: Mapping[str, Any]
    dependencies: tuple[str, ...]
    protect: bool
    retain_on_delete: bool
    deleted_with: str
    delete_before_replace: bool
    provider: str
    aliases: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, str] = field(default_factory=dict)
    import_id: str = ""

    def described(self) -> dict[str, Any]:
        """What a golden graph keeps: the parent and the options that are set."""
        plain = ("urn", "type", "name", "parent", "custom", "inputs", "dependencies")
        options = {key: value for key, value in vars(self).items() if key not in plain and value}
        depends_on = {"depends_on": list(self.dependencies)} if self.dependencies else {}
        return {"parent": self.parent, "options": {**options, **depends_on}}


@dataclass
class Graph(mocks.MockMonitor):
    """Everything that one run registered, in the order of arrival."""

    registered: list[Registered] = field(default_factory=list)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(_Answers())

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.registered.append(_registered(request, answer.urn))
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        self.outputs[short(request.urn)] = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)

    def of(self, kind: str) -> dict[str, Registered]:
        """The registrations of a type, by name; `kind` is the end of the type token."""
        return {one.name: one for one in self.registered if one.type.endswith(f":{kind}")}

    def by_urn(self) -> dict[str, Registered]:
        return {short(one.urn): one for one in self.registered}

    def described(self) -> dict[str, Any]:
        """The graph as a golden file has it: by short URN, parents and options."""
        found = {urn: one.described() for urn, one in sorted(self.by_urn().items())}
        return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def short(urn: str) -> str:
    """A URN's last type and name: enough to tell one registration from another, and it fits on a line."""
    kind, name = urn.split("::")[2:4]
    return f"{kind.split('$')[-1]}::{name}"


def _registered(request: Any, urn: str) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=short(request.parent) if request.parent else "",
        custom=request.custom,
        inputs=json_format.MessageToDict(request.object),
        dependencies=tuple(sorted({short(dependency) for dependency in request.dependencies})),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        deleted_with=short(request.deletedWith) if request.deletedWith else "",
        delete_before_replace=request.deleteBeforeReplace,
        provider=short(request.provider.rsplit("::", 1)[0]) if request.provider else "",
        aliases=tuple(str(json_format.MessageToDict(alias)) for alias in request.aliases),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        custom_timeouts=json_format.MessageToDict(request.customTimeouts),
        import_id=request.importId,
    )


def record(program: Callable[[], object]) -> Graph:
    """Run `program` to its end and return what it registered."""
    graph = Graph()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.reset_options()
    mocks.set_mocks(mocks=graph.mocks, project="data-tier", stack="test", monitor=graph)

    def run_program() -> None:
        program()

    async def run() -> None:
        await run_pulumi_func(run_program)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return graph


def stack_file(stack: str) -> dict[str, Any]:
    """The configuration in a stack file as a person wrote it: without namespace and without what `make` has added."""
    own, example = ROOT / f"Pulumi.{stack}.yaml", ROOT / f"examples/{stack}/Pulumi.{stack}.yaml"
    config = yaml.safe_load((own if own.exists() else example).read_text())["config"]
    keys = {key.removeprefix("data-tier:"): value for key, value in config.items()}
    return {key: value for key, value in keys.items() if key not in ("images", "running")}


def build_from(raw: Mapping[str, Any], seen: Callable[[Topology], object] = lambda _: None) -> Graph:
    """The graph of a configuration; `seen` is called with the topology inside the run."""
    parsed: Settings = parse(raw)
    return record(lambda: seen(build(parsed, secret_values.unread(parsed))))


def export_all(topology: Topology) -> None:
    """Export what the program exports."""
    for name, value in exports(topology).items():
        pulumi.export(name, value)


def golden(name: str, graph: Graph) -> dict[str, Any]:
    """A golden graph; `UPDATE_GOLDEN=1` writes it anew from `graph`."""
    path = ROOT / "tests/golden" / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(json.dumps(graph.described(), indent=1) + "\n")
    return json.loads(path.read_text())  # type: ignore[no-any-return]
