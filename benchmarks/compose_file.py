"""A stack's state as a Compose file: the same containers, networks, volumes, files, limits and health checks.

Pure. What only Pulumi has (roles, databases, grants, Redis users) is left out; a container that waits for such an
object waits in Compose for the server that the object is on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

_SECRET: Final = "4dabf18193072939515e22adb298388d"  # the key of an envelope around a secret value
_CONTAINER, _NETWORK, _VOLUME = (
    f"docker:index/{kind}" for kind in ("container:Container", "network:Network", "volume:Volume")
)
_MEBIBYTE: Final = 1024 * 1024


def from_resources(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The Compose file of an exported state's resources, secrets in plain."""
    inputs = {item["urn"]: _plain(item.get("inputs", {})) for item in resources}
    by_type = {kind: [item for item in resources if item["type"] == kind] for kind in (_CONTAINER, _NETWORK, _VOLUME)}
    containers = {item["urn"]: inputs[item["urn"]] for item in by_type[_CONTAINER]}
    needs = {item["urn"]: set(item.get("dependencies") or ()) for item in resources}
    networks = [inputs[item["urn"]] for item in by_type[_NETWORK]]
    volumes = [inputs[item["urn"]] for item in by_type[_VOLUME]]
    files = {
        f"{its['name']}-{at}": file for its in containers.values() for at, file in enumerate(its.get("uploads", []))
    }
    return {
        "services": {
            its["name"]: _service(its, [containers[one] for one in _reached(urn, needs, set(containers))])
            for urn, its in containers.items()
        },
        "networks": {its["name"]: _network(its) for its in networks},
        "volumes": {its["name"]: {"name": its["name"], "labels": _labels(its)} for its in volumes},
        "configs": {name: {"content": _escaped(file["content"])} for name, file in files.items()},
    }


def _reached(urn: str, needs: dict[str, set[str]], goals: set[str]) -> list[str]:
    """The containers that a resource waits for, directly or through resources that Compose doesn't have."""
    found, seen, waiting = set(), {urn}, list(needs[urn])
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in goals:
            found.add(one)
        else:
            waiting.extend(needs.get(one, ()))
    return sorted(found)


def _service(its: dict[str, Any], after: list[dict[str, Any]]) -> dict[str, Any]:
    capabilities = its.get("capabilities", {})
    service = {
        "container_name": its["name"],
        "hostname": its.get("hostname"),
        "image": its["image"],
        "pull_policy": "never",
        "entrypoint": _escaped(its.get("entrypoints")),
        "command": _escaped(its.get("command")),
        "environment": _escaped(its.get("envs")),
        "restart": its.get("restart", "no"),
        "mem_limit": its["memory"] * _MEBIBYTE if "memory" in its else None,
        "memswap_limit": its["memorySwap"] * _MEBIBYTE if "memorySwap" in its else None,
        "cpus": float(its["cpus"]) if "cpus" in its else None,
        "shm_size": its["shmSize"] * _MEBIBYTE if "shmSize" in its else None,
        "cap_add": capabilities.get("adds"),
        "cap_drop": capabilities.get("drops"),
        "security_opt": its.get("securityOpts"),
        "stop_signal": its.get("stopSignal"),
        "ports": [f"{port['ip']}:{port['external']}:{port['internal']}" for port in its.get("ports", [])],
        "volumes": [
            f"{one['volumeName']}:{one['containerPath']}{':ro' if one.get('readOnly') else ''}"
            for one in its.get("volumes", [])
        ],
        "configs": [
            {"source": f"{its['name']}-{at}", "target": file["file"]} for at, file in enumerate(its.get("uploads", []))
        ],
        "labels": _labels(its),
        "depends_on": {one["name"]: {"condition": _condition(one)} for one in after},
        **_placed(its),
        **_watched(its),
    }
    return {key: value for key, value in service.items() if value not in (None, [], {})}


def _placed(its: dict[str, Any]) -> dict[str, Any]:
    if its.get("networkMode") == "none":
        return {"network_mode": "none"}
    return {"networks": {one["name"]: dict(_address(one)) for one in its.get("networksAdvanced", [])}}


def _address(join: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "aliases" in join:
        yield "aliases", join["aliases"]
    if "ipv4Address" in join:
        yield "ipv4_address", join["ipv4Address"]


def _watched(its: dict[str, Any]) -> dict[str, Any]:
    logging = {"driver": its["logDriver"], "options": its.get("logOpts", {})} if "logDriver" in its else None
    check = its.get("healthcheck")
    health = check and {
        "test": _escaped(check["tests"]),
        "interval": check["interval"],
        "timeout": check["timeout"],
        "retries": check["retries"],
        "start_period": check["startPeriod"],
    }
    return {"logging": logging, "healthcheck": health}


def _condition(its: dict[str, Any]) -> str:
    if its.get("mustRun") is False:
        return "service_completed_successfully"
    return "service_healthy" if "healthcheck" in its else "service_started"


def _network(its: dict[str, Any]) -> dict[str, Any]:
    pools = [
        {"subnet": one["subnet"], "gateway": one["gateway"], "ip_range": one["ipRange"]}
        for one in its.get("ipamConfigs", [])
    ]
    network: dict[str, Any] = {"name": its["name"], "driver": its["driver"], "internal": its.get("internal", False)}
    network["labels"] = _labels(its)
    return network | ({"ipam": {"config": pools}} if pools else {}) | {"driver_opts": its.get("options", {})}


def _labels(its: dict[str, Any]) -> dict[str, str]:
    return {one["label"]: one["value"] for one in its.get("labels", [])}


def _escaped(value: Any) -> Any:
    """Text as it is: Compose would put variables in for `$`."""
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """`value` with the contents of secrets in place of their envelopes."""
    if isinstance(value, dict):
        if _SECRET in value and "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(item) for key, item in value.items() if key != "__defaults"}
    return [_plain(item) for item in value] if isinstance(value, list) else value
