"""Refuses passwords where `docker inspect` shows them: environment, command, health check, labels, uploaded files.

Whether Pulumi keeps the value as a secret makes no difference there. Files that a one-shot container without network
copies to a volume are how secrets get to a container, and pass. No value is ever reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.secrecy import command_holds_password, holds_password, is_literal, is_secret_name


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    for where, name, value in workload.environment():
        if (is_secret_name(name) and is_literal(str(value or ""))) or holds_password(str(value or "")):
            yield f"{where}: {name} holds a password"
    if command_holds_password(workload.command()):
        yield "command: it holds a password"
    if command_holds_password([str(word) for _, word in workload.reader.each(workload.get("healthcheck", "tests"))]):
        yield "healthcheck.tests: it holds a password"
    for label, value in workload.labels().items():
        if (is_secret_name(label) and is_literal(str(value or ""))) or holds_password(str(value or "")):
            yield f"labels: {label} holds a password"
    if not workload.one_shot():
        yield from _uploads(workload)


def _uploads(workload: Workload) -> Iterator[str]:
    for upload in workload.uploads():
        if any(holds_password(text) or (is_secret_name(upload.path) and is_literal(text)) for text in upload.texts):
            yield f"{upload.where}: {upload.path} holds a password"


RULE = ResourceRule(
    name="refuse-plaintext-password",
    description="No password stands in an environment, a command, a label or an uploaded file.",
    why="They are shown by `docker inspect`, inherited by child processes, and written to crash reports. A secret "
    "file on a volume is read by the one process that needs it.",
    remedy="Give the secret as a file and name it by `<NAME>_FILE`, as components do with `/run/secrets`",
    severity=Severity.CRITICAL,
    types=CONTAINERS,
    check=_check,
)
