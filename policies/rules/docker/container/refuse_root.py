"""Refuses containers that are told to stay root.

Without `user` the images of data stores start as root, hand their files over and step down by themselves, which a
resource can't show; what is told is `user: root` in any spelling, and images that stay root although they needn't.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.images import references
from policies.rule import ResourceRule, Settings, Severity, Subject

_LATER = object()


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    workload = Workload(subject)
    user = workload.get("user", unknown=_LATER)
    if user is _LATER or workload.one_shot():
        return
    name = str(user or "").strip().split(":")[0].lower()
    if name == "root" or re.fullmatch(r"[+-]?0+(?:\.0+)?|0x0+", name):
        yield "user: the container stays root"
    stay_root = tuple(settings["stayRoot"])
    if not name and any(image.repository.rsplit("/", 1)[-1] in stay_root for image in references(subject)):
        yield "user: missing, and the image stays root although it needn't"


RULE = ResourceRule(
    name="refuse-root",
    description="No container stays root where its image allows another user.",
    why="A break-in that isn't root can't change the container's programs, nor use most holes of the kernel.",
    remedy="Set `user` to the image's own user, or leave it out where the entry point steps down (PostgreSQL, Redis)",
    severity=Severity.HIGH,
    types=CONTAINERS,
    check=_check,
    settings={
        "stayRoot": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["etcd", "haproxy-alpine", "registry", "socat", "alpine", "debian", "ubuntu", "busybox"],
            "description": "Last parts of images' names whose containers are root unless `user` says otherwise.",
        }
    },
)
