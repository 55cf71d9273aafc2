"""Refuses containers that carry ports out by a tunnel: no port is published, and yet others reach what is behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.stores import last_part

_TUNNELS: Final = re.compile(
    r"ngrok|cloudflared|chisel|frp[cs]?|tailscaled?|rathole|bore|localtunnel|zrok|inlets(?:-pro)?|pagekite|playit|autossh"
)


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    workload = Workload(subject)
    name = last_part(workload.image())
    if name in settings["allow"]:
        return
    programs = {piece.rsplit("/", 1)[-1] for word in workload.command() for piece in re.split(r"[\s;&|()'\"]+", word)}
    if _TUNNELS.fullmatch(name) or any(_TUNNELS.fullmatch(program) for program in programs):
        yield "image or command: it carries ports out of the host by a tunnel"


RULE = ResourceRule(
    name="refuse-tunnel",
    description="No container carries ports out by a tunnel.",
    why="A tunnel goes out and lets others in: past published ports, firewalls and internal networks it shares.",
    remedy="Take it away, or list its image under `allow` where it leads to no data",
    severity=Severity.CRITICAL,
    types=CONTAINERS,
    check=_check,
    settings={
        "allow": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Last parts of images' names that may.",
        }
    },
)
