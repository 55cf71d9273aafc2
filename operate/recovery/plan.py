"""What a kit's state says of the servers that are restored, and what of it still holds on a host that has nothing.

Pure. Passwords, seeds, roles and databases hold, and the volumes that were filled; containers, networks, other volumes,
images and what commands have done don't: they are left out, and `up` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from components.scram import scram_verifier
from operate.audit.state import plain
from operate.errors import OperateError

VOLUME: Final = "docker:index/volume:Volume"
_CONTAINER: Final = "docker:index/container:Container"
_IMAGE: Final = "docker:index/remoteImage:RemoteImage"
_STACK: Final = "pulumi:pulumi:Stack"
_SERVER: Final = "data-tier:postgres:PostgresServer"
_ROLE, _DATABASE = "postgresql:index/role:Role", "postgresql:index/database:Database"
_LIVING: Final = ("random:", "pulumi:")  # nothing of them is on a host
_NAMED: Final = ("docker:index/container:Container", "docker:index/network:Network", VOLUME)
_FOLDER: Final = "/var/lib/data-tier"
_SALT: Final = "ZGF0YS10aWVyLXJlc3RvcmU="  # of the admin's verifier: any will do, the password is 32 random letters


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume as the stack declares it."""

    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A server that has backups: what its container of backups was made from, and what its roles log in with.

    `component` is the URN of the server in the state.
    """

    key: str
    name: str
    component: str
    data: Volume
    repository: Volume
    image: str
    files: Mapping[str, str] = field(repr=False)
    cipher: str | None = field(repr=False)
    verifiers: Mapping[str, str] = field(repr=False)

    @property
    def elsewhere(self) -> bool:
        """Whether its repository is at a service, and not on a volume."""
        return any("\nrepo1-type=s3\n" in text for text in self.files.values())


def outputs(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's outputs, secrets in plain; empty where it was never up."""
    roots = [item for item in deployment.get("resources") or () if item["type"] == _STACK]
    found: dict[str, Any] = plain(roots[0].get("outputs") or {}) if roots else {}
    return found


def restored(deployment: Mapping[str, Any]) -> list[Restored]:
    """The servers with backups. Raises OperateError where the state doesn't say what they are."""
    told = outputs(deployment)
    passwords = (told.get("secrets") or {}).get("admin_passwords") or {}
    try:
        return [
            _one(key, its, _State(deployment), passwords)
            for key, its in (told.get("servers") or {}).items()
            if its.get("backup")
        ]
    except (KeyError, StopIteration, TypeError):
        raise OperateError("the kit's state isn't one of a stack that is up: make a kit while the stack runs") from None


def names(deployment: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Type and name of everything that the stack has on its host."""
    return {
        (item["type"], str(item["inputs"]["name"]))
        for item in deployment.get("resources") or ()
        if item["type"] in _NAMED and item.get("inputs", {}).get("name")
    }


def surviving(
    deployment: Mapping[str, Any], servers: Sequence[Restored], there: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, Any]:
    """The state without what the host no longer has; `there` are the roles and databases of each restored server."""
    resources = deployment.get("resources") or []
    state, kept, gone = _State(deployment), [], set[str]()
    by_component = {its.component: its for its in servers}
    volumes = {volume.name for its in servers for volume in (its.data, its.repository)}
    for item in resources:
        if _holds(item, state, volumes, by_component, there, gone) and not item.get("delete"):
            kept.append(item)
        else:
            gone.add(item["urn"])
    gone -= {item["urn"] for item in kept}
    left = {key: value for key, value in deployment.items() if key != "pending_operations"}
    return {**left, "resources": [_without(item, gone) for item in kept]}


class _State:
    """The resources by URN, and who a provider belongs to."""

    def __init__(self, deployment: Mapping[str, Any]) -> None:
        self.resources: list[Mapping[str, Any]] = list(deployment.get("resources") or ())
        self.by_urn = {item["urn"]: item for item in self.resources}

    def named(self, kind: str, name: str) -> Mapping[str, Any]:
        return next(item for item in self.resources if item["type"] == kind and item["inputs"].get("name") == name)

    def server_of(self, item: Mapping[str, Any]) -> str | None:
        """The URN of the stack's own server that a resource is in, None for one that is elsewhere."""
        provider = self.by_urn.get(str(item.get("provider", "")).rpartition("::")[0], {})
        parent = str(provider.get("parent", ""))
        return parent if self.by_urn.get(parent, {}).get("type") == _SERVER else None


def _one(key: str, its: Mapping[str, Any], state: _State, passwords: Mapping[str, str]) -> Restored:
    data = state.named(VOLUME, its["volume"])
    container = state.named(_CONTAINER, its["backup"])
    mounts = {one["containerPath"]: one["volumeName"] for one in plain(container["inputs"]["volumes"])}
    image = next(urn for urn in container["propertyDependencies"]["image"] if state.by_urn[urn]["type"] == _IMAGE)
    return Restored(
        key=key,
        name=its["name"],
        component=data["parent"],
        data=_volume(data),
        repository=_volume(state.named(VOLUME, mounts[_FOLDER])),
        image=state.by_urn[image]["inputs"]["name"],
        files={path: text for path, text in _uploads(container).items() if path.startswith("/etc/")},
        cipher=_uploads(state.named(_CONTAINER, f"{its['backup']}-secrets-fill")).get("/in/backup_cipher"),
        verifiers={
            **{
                item["inputs"]["name"]: password
                for item in state.resources
                if item["type"] == _ROLE and state.server_of(item) == data["parent"]
                if (password := plain(item["inputs"].get("password")))
            },
            its["admin"]: scram_verifier(passwords[key], _SALT),
        },
    )


def _uploads(container: Mapping[str, Any]) -> dict[str, str]:
    return {str(PurePosixPath(one["file"])): one["content"] for one in plain(container["inputs"]["uploads"])}


def _volume(item: Mapping[str, Any]) -> Volume:
    its = plain(item["inputs"])
    return Volume(name=its["name"], labels={one["label"]: one["value"] for one in its.get("labels") or ()})


def _holds(
    item: Mapping[str, Any],
    state: _State,
    volumes: set[str],
    restored: Mapping[str, Restored],
    there: Mapping[str, Mapping[str, Sequence[str]]],
    gone: set[str],
) -> bool:
    kind = item["type"]
    if not item.get("custom") or kind.startswith(_LIVING):
        return True
    if kind == VOLUME:
        return item["inputs"].get("name") in volumes
    if not kind.startswith("postgresql:"):
        return False
    server = state.server_of(item)
    if server is None or server not in restored:
        return server is None  # outside of the stack it is as it was
    return _is_there(item, state, there[restored[server].key], gone)


def _is_there(item: Mapping[str, Any], state: _State, found: Mapping[str, Sequence[str]], gone: set[str]) -> bool:
    """A role or database that the restored server has, or what is in one."""
    kinds = {_ROLE: "roles", _DATABASE: "databases"}
    if item["type"] in kinds:
        return item["inputs"]["name"] in found[kinds[item["type"]]]
    return not any(urn in gone and state.by_urn[urn]["type"].startswith("postgresql:") for urn in _needs(item))


def _needs(item: Mapping[str, Any]) -> Iterator[str]:
    yield from item.get("dependencies") or ()
    for urns in (item.get("propertyDependencies") or {}).values():
        yield from urns or ()


def _without(item: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """A resource that needs nothing of what is gone; its next registration says anew what it needs."""
    left = dict(item)
    if left.get("dependencies"):
        left["dependencies"] = [urn for urn in left["dependencies"] if urn not in gone]
    if left.get("propertyDependencies"):
        left["propertyDependencies"] = {
            name: [urn for urn in urns or () if urn not in gone] for name, urns in left["propertyDependencies"].items()
        }
    if left.get("deletedWith") in gone:
        del left["deletedWith"]
    return left
