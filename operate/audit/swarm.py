"""A swarm's service as the inputs that would have made it. Asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded.providers.docker._labels import to_labels
from operate.audit.inspected import HOST
from operate.audit.resources import Resource, urn
from policies.containers import SERVICE


def service(seen: Mapping[str, Any], networks: Mapping[str, str]) -> Resource:
    """A service from `docker service inspect`; it knows its networks by id, `networks` has their names."""
    spec = seen["Spec"]
    name, task = str(spec["Name"]), spec.get("TaskTemplate") or {}
    props = {
        "name": name,
        "labels": to_labels(spec.get("Labels")),
        "endpointSpec": {"ports": _ports(seen)},
        "taskSpec": {
            "containerSpec": _container(task.get("ContainerSpec") or {}),
            "networksAdvanceds": _networks(spec, task, networks),
            "resources": {"limits": {"memoryBytes": _path(task, "Resources", "Limits", "MemoryBytes") or 0}},
            "restartPolicy": {"condition": _path(task, "RestartPolicy", "Condition") or "any"},
        },
    }
    return Resource(type=SERVICE, name=name, urn=urn(HOST, HOST, SERVICE, name), props=props)


def _ports(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As the service has them now, with the ports that the swarm chose."""
    ports = _path(seen, "Endpoint", "Ports") or _path(seen, "Spec", "EndpointSpec", "Ports") or ()
    names = {
        "targetPort": "TargetPort",
        "publishedPort": "PublishedPort",
        "publishMode": "PublishMode",
        "protocol": "Protocol",
    }
    return [{name: port[key] for name, key in names.items() if key in port} for port in ports]


def _container(spec: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "image": spec.get("Image") or "",
        "commands": spec.get("Command") or [],
        "args": spec.get("Args") or [],
        "env": dict(one.partition("=")[::2] for one in spec.get("Env") or ()),
        "labels": to_labels(spec.get("Labels")),
        "user": spec.get("User") or "",
        "capAdds": spec.get("CapabilityAdd") or [],
        "capDrops": spec.get("CapabilityDrop") or [],
        "readOnly": bool(spec.get("ReadOnly")),
        "mounts": [_mount(one) for one in spec.get("Mounts") or ()],
    }
    if spec.get("Healthcheck"):
        found["healthcheck"] = {"tests": spec["Healthcheck"].get("Test") or []}
    return found


def _mount(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": one.get("Type") or "volume",
        "source": one.get("Source") or "",
        "target": one.get("Target") or "",
        "readOnly": bool(one.get("ReadOnly")),
        "volumeOptions": {"driverOptions": _path(one, "VolumeOptions", "DriverConfig", "Options") or {}},
    }


def _networks(spec: Mapping[str, Any], task: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Older services have them outside the task."""
    targets = [str(one.get("Target")) for one in task.get("Networks") or spec.get("Networks") or ()]
    return [{"name": names.get(target, target)} for target in targets]


def _path(item: Any, *keys: str) -> Any:
    for key in keys:
        item = (item or {}).get(key)
    return item
