"""Refuses one login of a store in the hands of two apps: by its URL, or by the volume that its secrets are on.

Reads the URLs in environments and uploads, and tells where they stand, never what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.containers import COMPONENT, CONTAINERS, Workload
from policies.rule import Finding, Settings, Severity, StackRule, Subject

_APP: Final = "data-tier.app"
_USES: Final = "data-tier.uses"
_URL: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+]*)://(?P<user>[^:/@\s]+):[^@/\s]*@(?P<host>[^:/?,\s]+)(?::(?P<port>[0-9]+))?",
    re.IGNORECASE,
)
_STORES: Final = re.compile(r"postgres|redis|valkey|mongo|mysql|mariadb|amqp|clickhouse", re.IGNORECASE)


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    workloads = [Workload(subject) for subject in subjects if subject.type in CONTAINERS]
    holders: dict[object, tuple[str, Workload]] = {}
    for workload in workloads:
        for where, login in (*_logins(workload), *_secret_volumes(workload)):
            first, _other = holders.setdefault(login, (_app(workload), workload))
            if first != _app(workload):
                yield Finding(f"{where}: another app has the same login of a store", workload.subject.urn)


def _logins(workload: Workload) -> Iterator[tuple[str, object]]:
    """Where a URL with a login stands, and user and server as what tells it from others."""
    texts = [(where, value) for where, _, value in workload.environment()]
    for at, upload in workload.reader.items(workload.get(), "uploads"):
        where, content = f"uploads[{at}].content", workload.reader.get(upload, "content")
        if not (_has_login(content) and _is_declared(workload, workload.reader.get(upload, "file"))):
            texts.append((where, content))
    for where, text in texts:
        for found in _URL.finditer(text) if isinstance(text, str) else ():
            if _STORES.search(found["scheme"]):
                yield where, (found["host"].lower(), found["port"], found["user"])


def _has_login(text: object) -> bool:
    """So that labels, which may not be known, are only asked for where they count."""
    return isinstance(text, str) and _URL.search(text) is not None


def _is_declared(workload: Workload, file: object) -> bool:
    """Whether its label says that this file is another app's, as `uses` of the stack file does."""
    said = workload.labels().get(_USES)
    return isinstance(said, str) and str(file).rpartition("/")[2] in said.split()


def _secret_volumes(workload: Workload) -> Iterator[tuple[str, object]]:
    """The volumes with secrets that an app reads; who fills one belongs to no app."""
    if _APP in workload.labels():
        for mount in workload.mounts():
            if mount.kind == "volume" and mount.source and str(mount.target).startswith("/run/secrets"):
                yield mount.where, mount.source


def _app(workload: Workload) -> str:
    """The app that it belongs to: by its label, else by its name, without what names a helper."""
    labels = workload.labels()
    named = labels.get(_APP)
    if isinstance(named, str) and labels.get(COMPONENT) != "secrets":
        return named
    return f"container {workload.subject.name}"


RULE = StackRule(
    name="require-own-login-per-app",
    description="No two apps log in to a store with the same login.",
    why="A shared login can't be rotated, limited or locked for one app alone, and no log tells them apart. One that "
    "the stack file shares by `uses` passes: its file is named in the label data-tier.uses.",
    remedy="Give each app a login and a secrets volume of its own",
    severity=Severity.HIGH,
    check=_check,
)
