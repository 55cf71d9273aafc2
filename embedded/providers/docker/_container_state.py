"""Docker's inspect answer as a container's outputs.

Owns which property is read back and which keeps what the program said, and the null and zero forms recorded from the
official plugin. Environment, labels, uploads, volumes and networks are never read back for a container in the state:
Docker mixes in what the image brings.
"""

from __future__ import annotations

from typing import Any, Final

from embedded.providers.bridge._state import filled
from embedded.providers.docker import _durations
from embedded.providers.docker._container_config import MIB
from embedded.providers.docker._container_schema import CONTAINER, decimal
from embedded.providers.docker._labels import to_labels
from embedded.values import Properties

_NULL_WHEN_UNSET: Final = ("dns", "dnsOpts", "dnsSearches", "groupAdds", "logOpts", "storageOpts", "sysctls", "tmpfs")


def created(new: Properties, seen: dict[str, Any]) -> Properties:
    """Outputs right after the creation: what the program left out and Docker has empty is null."""
    outputs = declared(new)
    outputs.update(_reported(seen, outputs))
    outputs.update({name: None for name in _NULL_WHEN_UNSET if not new.get(name)})
    return outputs


def declared(new: Properties) -> Properties:
    """The inputs as outputs; what Docker fills in is null, or an empty list."""
    return {item.name: filled(item, new.get(item.name)) for item in CONTAINER.properties} | {
        name: filled(CONTAINER.by_name[name], new.get(name) or []) for name in ("envs", "labels")
    }


def refreshed(outputs: Properties, seen: dict[str, Any]) -> Properties:
    """Outputs brought up to date."""
    return {**outputs, **_reported(seen, outputs)}


def imported(seen: dict[str, Any], image: dict[str, Any]) -> Properties:
    """Outputs of a container that is not in the state: what it has beyond its image counts as declared."""
    own, base = seen["Config"], image.get("Config") or {}
    labels = {
        key: value for key, value in (own.get("Labels") or {}).items() if (base.get("Labels") or {}).get(key) != value
    }
    bound = [bind.split(":") for bind in seen["HostConfig"].get("Binds") or ()]
    new = {
        "image": own["Image"],
        "envs": [item for item in own.get("Env") or () if item not in (base.get("Env") or ())],
        "labels": to_labels(labels),
        "volumes": [
            {
                "hostPath" if source.startswith("/") else "volumeName": source,
                "containerPath": target,
                "readOnly": "ro" in "".join(mode).split(","),
            }
            for source, target, *mode in bound
        ],
        "networksAdvanced": [
            {"name": name, **{key: value for key, value in _chosen(seen, endpoint).items() if value}}
            for name, endpoint in sorted((seen["NetworkSettings"].get("Networks") or {}).items())
            if name not in {"bridge", "host", "none"}
        ],
        "pidMode": seen["HostConfig"].get("PidMode"),
        "ports": [{"internal": 0}],  # anything: _reported puts what is there, as for ulimits
        "ulimits": [{"name": "", "soft": 0, "hard": 0}],
    }
    return refreshed(declared(new), seen)


def _chosen(seen: dict[str, Any], endpoint: dict[str, Any]) -> dict[str, Any]:
    """Addresses and aliases that the program chose; Docker adds id, name and host name to the aliases."""
    given = endpoint.get("IPAMConfig") or {}
    added = {seen["Id"][:12], seen["Name"].lstrip("/"), seen["Config"].get("Hostname")}
    return {
        "aliases": [alias for alias in endpoint.get("Aliases") or () if alias not in added],
        "ipv4Address": given.get("IPv4Address"),
        "ipv6Address": given.get("IPv6Address"),
    }


def _reported(seen: dict[str, Any], outputs: Properties) -> Properties:
    config, host, state = seen["Config"], seen["HostConfig"], seen["State"]
    result: Properties = {
        **_process(config),
        **_confinement(host),
        **_resources(host),
        **_network(seen, outputs),
        "id": seen["Id"],
        "image": seen["Image"] if str(outputs.get("image")).startswith("sha256:") else config["Image"],
        "name": seen["Name"].lstrip("/"),
        "platform": seen.get("Platform") or "linux",
    }
    if host.get("CapAdd") or host.get("CapDrop"):
        result["capabilities"] = {"adds": _set(host.get("CapAdd")), "drops": _set(host.get("CapDrop"))}
    if outputs.get("ulimits"):
        found = [
            {"hard": item["Hard"], "name": item["Name"], "soft": item["Soft"]} for item in host.get("Ulimits") or ()
        ]
        result["ulimits"] = filled(CONTAINER.by_name["ulimits"], found)
    if outputs.get("pidMode"):
        result["pidMode"] = host.get("PidMode") or ""
    if not state["Running"]:
        result["exitCode"] = state["ExitCode"]
        if outputs.get("mustRun") is not False:
            result["mustRun"] = False  # upstream's way to make the next run start it
    return result


def _process(config: dict[str, Any]) -> Properties:
    result: Properties = {
        "command": config.get("Cmd") or [],
        "domainname": config.get("Domainname") or "",
        "entrypoints": config.get("Entrypoint") or [],
        "hostname": config.get("Hostname") or "",
        "stdinOpen": bool(config.get("OpenStdin")),
        "stopSignal": config.get("StopSignal") or "",
        "stopTimeout": config.get("StopTimeout") or 0,
        "tty": bool(config.get("Tty")),
        "user": config.get("User") or "",
        "workingDir": config.get("WorkingDir") or "",
    }
    check = config.get("Healthcheck")
    if check:
        result["healthcheck"] = {
            "interval": _durations.written(check.get("Interval") or 0),
            "retries": check.get("Retries") or 0,
            "startInterval": _durations.written(check.get("StartInterval") or 0),
            "startPeriod": _durations.written(check.get("StartPeriod") or 0),
            "tests": check.get("Test") or [],
            "timeout": _durations.written(check.get("Timeout") or 0),
        }
    return result


def _confinement(host: dict[str, Any]) -> Properties:
    log = host.get("LogConfig") or {}
    return {
        "dns": _set(host.get("Dns")),
        "dnsOpts": _set(host.get("DnsOptions")),
        "dnsSearches": _set(host.get("DnsSearch")),
        "groupAdds": _set(host.get("GroupAdd")),
        "hosts": filled(CONTAINER.by_name["hosts"], [_host(item) for item in host.get("ExtraHosts") or ()]),
        "init": bool(host.get("Init")),
        "ipcMode": host.get("IpcMode") or "",
        "logDriver": log.get("Type") or "",
        "logOpts": log.get("Config") or {},
        "mounts": filled(CONTAINER.by_name["mounts"], [_mount(item) for item in host.get("Mounts") or ()]),
        "networkMode": host.get("NetworkMode") or "",
        "privileged": bool(host.get("Privileged")),
        "publishAllPorts": bool(host.get("PublishAllPorts")),
        "readOnly": bool(host.get("ReadonlyRootfs")),
        "restart": host["RestartPolicy"].get("Name") or "no",
        "maxRetryCount": host["RestartPolicy"].get("MaximumRetryCount") or 0,
        "rm": bool(host.get("AutoRemove")),
        "runtime": host.get("Runtime") or "",
        "securityOpts": _set(host.get("SecurityOpt")),
        "storageOpts": host.get("StorageOpt") or {},
        "sysctls": host.get("Sysctls") or {},
        "tmpfs": host.get("Tmpfs") or {},
        "usernsMode": host.get("UsernsMode") or "",
    }


def _resources(host: dict[str, Any]) -> Properties:
    result: Properties = {
        "cpuSet": host.get("CpusetCpus") or "",
        "cpuShares": host.get("CpuShares") or 0,
        "memory": (host.get("Memory") or 0) // MIB,
        "memoryReservation": (host.get("MemoryReservation") or 0) // MIB,
        "memorySwap": swap // MIB if (swap := host.get("MemorySwap") or 0) > 0 else swap,
        "shmSize": (host.get("ShmSize") or 0) // MIB,
    }
    if host.get("NanoCpus"):
        result["cpus"] = decimal(host["NanoCpus"] / 10**9)
    return result


def _network(seen: dict[str, Any], outputs: Properties) -> Properties:
    settings = seen.get("NetworkSettings") or {}
    networks = sorted((settings.get("Networks") or {}).items())
    result: Properties = {
        "bridge": settings.get("Bridge") or "",
        "networkDatas": [_endpoint(name, endpoint) for name, endpoint in networks],
    }
    if outputs.get("ports") and (seen["State"]["Running"] or outputs.get("mustRun") is not False):
        result["ports"] = _ports(settings.get("Ports") or {})
    return result


def _endpoint(name: str, endpoint: dict[str, Any]) -> Properties:
    return {
        "gateway": endpoint.get("Gateway") or "",
        "globalIpv6Address": endpoint.get("GlobalIPv6Address") or "",
        "globalIpv6PrefixLength": endpoint.get("GlobalIPv6PrefixLen") or 0,
        "ipAddress": endpoint.get("IPAddress") or "",
        "ipPrefixLength": endpoint.get("IPPrefixLen") or 0,
        "ipv6Gateway": endpoint.get("IPv6Gateway") or "",
        "macAddress": endpoint.get("MacAddress") or "",
        "networkName": name,
    }


def _ports(ports: dict[str, Any]) -> list[Properties]:
    """Published ports by container port."""
    result: list[Properties] = []
    for key in sorted(ports, key=lambda key: (int(key.split("/")[0]), key)):
        internal, protocol = key.split("/")
        result.extend(
            {"external": int(item["HostPort"]), "internal": int(internal), "ip": item["HostIp"], "protocol": protocol}
            for item in ports[key] or ()
        )
    return result


def _mount(item: dict[str, Any]) -> Properties:
    bind, volume, tmpfs = (item.get(key) for key in ("BindOptions", "VolumeOptions", "TmpfsOptions"))
    driver = (volume or {}).get("DriverConfig") or {}
    return {
        "bindOptions": {"propagation": bind.get("Propagation") or ""} if bind else None,
        "readOnly": bool(item.get("ReadOnly")),
        "source": item.get("Source") or "",
        "target": item["Target"],
        "tmpfsOptions": {"mode": tmpfs.get("Mode") or 0, "sizeBytes": tmpfs.get("SizeBytes") or 0} if tmpfs else None,
        "type": item["Type"],
        "volumeOptions": {
            "driverName": driver.get("Name") or "",
            "driverOptions": driver.get("Options") or {},
            "labels": to_labels(volume.get("Labels")),
            "noCopy": bool(volume.get("NoCopy")),
        }
        if volume
        else None,
    }


def _host(item: str) -> Properties:
    name, ip = item.split(":", 1)
    return {"host": name, "ip": ip}


def _set(items: list[str] | None) -> list[str]:
    return sorted(items or ())
