"""A container's inputs as the body of Docker's create call. Pure; source: Docker Engine API 1.41."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from embedded.providers.docker import _durations
from embedded.providers.docker._labels import from_labels
from embedded.values import Properties

MIB: Final = 1024 * 1024


def body(new: Properties) -> dict[str, Any]:
    """The whole request, without empty members."""
    config: dict[str, Any] = {
        "Image": new["image"],
        "Hostname": new.get("hostname"),
        "Domainname": new.get("domainname"),
        "User": new.get("user"),
        "WorkingDir": new.get("workingDir"),
        "Env": new.get("envs"),
        "Cmd": new.get("command"),
        "Entrypoint": new.get("entrypoints"),
        "Labels": from_labels(new.get("labels")),
        "Tty": new.get("tty"),
        "OpenStdin": new.get("stdinOpen"),
        "StopSignal": new.get("stopSignal"),
        "StopTimeout": new.get("stopTimeout"),
        "Healthcheck": _healthcheck(new.get("healthcheck")),
        "ExposedPorts": {_port(port): {} for port in new.get("ports") or ()},
        "Volumes": {item["containerPath"]: {} for item in new.get("volumes") or () if item.get("containerPath")},
        "HostConfig": _present(_host(new)),
    }
    return _present(config)


def _host(new: Properties) -> dict[str, Any]:
    capabilities = new.get("capabilities") or {}
    return {
        **_limits(new),
        **_sharing(new),
        "AutoRemove": new.get("rm"),
        "Binds": [_bind(item) for item in new.get("volumes") or () if item.get("volumeName") or item.get("hostPath")],
        "CapAdd": capabilities.get("adds"),
        "CapDrop": capabilities.get("drops"),
        "Dns": new.get("dns"),
        "DnsOptions": new.get("dnsOpts"),
        "DnsSearch": new.get("dnsSearches"),
        "ExtraHosts": [f"{item['host']}:{item['ip']}" for item in new.get("hosts") or ()],
        "GroupAdd": new.get("groupAdds"),
        "Init": bool(new.get("init")),
        "LogConfig": _present({"Type": new.get("logDriver"), "Config": new.get("logOpts")}),
        "Mounts": [_mount(item) for item in new.get("mounts") or ()],
        "PortBindings": _bindings(new),
        "Privileged": new.get("privileged"),
        "PublishAllPorts": new.get("publishAllPorts"),
        "ReadonlyRootfs": new.get("readOnly"),
        "RestartPolicy": restart_policy(new),
        "Runtime": new.get("runtime"),
        **_security(new),
        "StorageOpt": new.get("storageOpts"),
        "Sysctls": new.get("sysctls"),
        "Tmpfs": new.get("tmpfs"),
        "Ulimits": [
            {"Name": item["name"], "Soft": int(item["soft"]), "Hard": int(item["hard"])}
            for item in new.get("ulimits") or ()
        ],
        "VolumesFrom": [item["fromContainer"] for item in new.get("volumes") or () if item.get("fromContainer")],
    }


def _limits(new: Properties) -> dict[str, Any]:
    cpus = new.get("cpus")
    return {
        "CpuShares": new.get("cpuShares"),
        "CpusetCpus": new.get("cpuSet"),
        "Memory": megabytes(new.get("memory")),
        "MemoryReservation": megabytes(new.get("memoryReservation")),
        "MemorySwap": megabytes(new.get("memorySwap")),
        "NanoCpus": int(Decimal(str(cpus)) * 10**9) if cpus else None,
        "ShmSize": megabytes(new.get("shmSize")),
    }


def _sharing(new: Properties) -> dict[str, Any]:
    return {
        "CgroupParent": new.get("cgroupParent"),
        "CgroupnsMode": new.get("cgroupnsMode"),
        "IpcMode": new.get("ipcMode"),
        "NetworkMode": new.get("networkMode"),
        "PidMode": new.get("pidMode"),
        "UsernsMode": new.get("usernsMode"),
    }


def _security(new: Properties) -> dict[str, Any]:
    """`systempaths=unconfined` is the client's own word for: mask nothing."""
    options = new.get("securityOpts") or []
    if "systempaths=unconfined" not in options:
        return {"SecurityOpt": options}
    rest = [option for option in options if option != "systempaths=unconfined"]
    return {"SecurityOpt": rest, "MaskedPaths": [], "ReadonlyPaths": []}


def restart_policy(new: Properties) -> dict[str, Any]:
    """Docker takes a retry count with on-failure only."""
    return {"Name": new.get("restart") or "no", "MaximumRetryCount": int(new.get("maxRetryCount") or 0)}


def megabytes(value: Any) -> int | None:
    """MiB as bytes; -1 (no limit) stays."""
    if value is None:
        return None
    return int(value) * MIB if int(value) > 0 else int(value)


def _healthcheck(check: Properties | None) -> dict[str, Any] | None:
    if check is None:
        return None
    times = {
        "Interval": "interval",
        "Timeout": "timeout",
        "StartPeriod": "startPeriod",
        "StartInterval": "startInterval",
    }
    result: dict[str, Any] = {key: _durations.nanoseconds(check.get(name) or "0s") for key, name in times.items()}
    result["Test"] = check.get("tests")
    result["Retries"] = int(check.get("retries") or 0)
    return {key: value for key, value in result.items() if value}


def _port(port: Properties) -> str:
    return f"{int(port['internal'])}/{port.get('protocol') or 'tcp'}"


def _bindings(new: Properties) -> dict[str, list[dict[str, str]]]:
    result: dict[str, list[dict[str, str]]] = {}
    for port in new.get("ports") or ():
        binding = {"HostIp": port.get("ip") or "0.0.0.0", "HostPort": str(port.get("external") or "")}  # noqa: S104
        result.setdefault(_port(port), []).append(binding)
    return result


def _bind(item: Properties) -> str:
    mode = "ro" if item.get("readOnly") else "rw"
    if item.get("selinuxRelabel"):
        mode += "," + item["selinuxRelabel"]
    return f"{item.get('hostPath') or item['volumeName']}:{item['containerPath']}:{mode}"


def _mount(item: Properties) -> dict[str, Any]:
    bind, volume, tmpfs = (item.get(key) or {} for key in ("bindOptions", "volumeOptions", "tmpfsOptions"))
    driver = _present({"Name": volume.get("driverName"), "Options": volume.get("driverOptions")})
    return _present(
        {
            "Type": item["type"],
            "Target": item["target"],
            "Source": item.get("source"),
            "ReadOnly": item.get("readOnly"),
            "BindOptions": _present({"Propagation": bind.get("propagation")}),
            "VolumeOptions": _present(
                {"NoCopy": volume.get("noCopy"), "Labels": from_labels(volume.get("labels")), "DriverConfig": driver}
            ),
            "TmpfsOptions": _present({"SizeBytes": tmpfs.get("sizeBytes"), "Mode": tmpfs.get("mode")}),
        }
    )


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty; False stays, and so do MaskedPaths and ReadonlyPaths, where empty has a meaning."""
    meaning = {"MaskedPaths", "ReadonlyPaths"}
    return {key: value for key, value in members.items() if key in meaning or value not in (None, "", [], {})}
