"""Refuses containers that are root on the host in all but name: privileged, in its namespaces, unconfined."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINER, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject

_MODES = {"pidMode": "processes", "ipcMode": "shared memory", "usernsMode": "users", "cgroupnsMode": "control groups"}
_UNCONFINED = ("seccomp", "apparmor", "label", "systempaths", "no-new-privileges")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    if workload.get("privileged") not in (None, False, "", "false"):
        yield "privileged: the container may do on the host what root may"
    for key, what in _MODES.items():
        mode = str(workload.get(key) or "").strip().lower()
        if mode == "host" or mode.startswith("container:"):
            yield f"{key}: the container shares the {what} of {'the host' if mode == 'host' else 'another container'}"
    for at, option in workload.reader.each(workload.get("securityOpts")):
        name, _sign, value = str(option).strip().lower().replace("=", ":", 1).partition(":")
        if name in _UNCONFINED and value.strip() in ("unconfined", "disable", "false"):
            yield f"securityOpts[{at}]: {name} is switched off"
    for at, _device in workload.reader.each(workload.get("devices")):
        yield f"devices[{at}]: a device of the host"


RULE = ResourceRule(
    name="refuse-privileged",
    description="No container has the host's rights.",
    why="Whoever breaks into a privileged container has the host and every database on it.",
    remedy="Take it away; a store needs none of it",
    severity=Severity.CRITICAL,
    types=frozenset({CONTAINER}),
    check=_check,
)
