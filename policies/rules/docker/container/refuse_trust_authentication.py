"""Refuses data stores that let clients in without a password: by variable, command, uploaded file, or by default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.stores import is_store_image

_VARIABLES: Final = {
    "POSTGRES_HOST_AUTH_METHOD": r"['\"]?trust\b.*",
    "ALLOW_EMPTY_PASSWORD": r"(?!no$|false$|0$).+",
    "MYSQL_ALLOW_EMPTY_PASSWORD": r".+",  # these images ask whether it is empty, not what it says
    "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": r".+",
    "MARIADB_ALLOW_EMPTY_PASSWORD": r".+",
    "REDIS_PASSWORD": r"",
    "VALKEY_PASSWORD": r"",
    "NEO4J_AUTH": r"none",
    "AUTH_TYPE": r"any|trust",
    "PGBOUNCER_AUTH_TYPE": r"any|trust",
    "XPACK_SECURITY_ENABLED": r"['\"]?false['\"]?",
    "DISABLE_SECURITY_PLUGIN": r"true",
    "CLICKHOUSE_SKIP_USER_SETUP": r"1|true|yes",
}
_TEXTS: Final = (  # repetitions are bounded: uploaded texts may be long and hostile
    re.compile(r"(?i)(?:--auth(?:-host|-local)?[=\s]|-A\s?)['\"]?trust\b"),  # initdb
    re.compile(  # pg_hba.conf, quoted and continued too
        r"(?im)^[ \t\ufeff]*['\"]?(?:local|host(?:no)?(?:ssl|gssenc)?)['\"]?[ \t]+\S+[ \t]+\S+[ \t\\\n]"
        r"[^#\n]{0,300}\btrust\b"
    ),
    re.compile(r"(?im)^[ \t]*['\"]?local['\"]?[ \t]+\S+[ \t]+\S+[ \t]+['\"]?trust\b"),
    re.compile(r"(?im)\bauth_type[ \t]*=[ \t]*['\"]?(?:any|trust)\b"),  # pgbouncer.ini
    re.compile(r"(?i)--(?:noauth|insecure|skip[-_]grant(?:[-_]tables)?)\b|(?m:^[ \t]*skip[-_]grant[-_]tables)"),
    re.compile(r"(?im)\buser\s+\S{1,60}\s[^\n]{0,300}\bnopass\b"),
    re.compile(r"(?i)--user['\"]?\s+['\"]?\S{1,60}\s[^\n]{0,300}\bnopass\b"),
    re.compile(r"(?i)--?requirepass['\"]?(?:=|\s+)(?:''|\"\")?(?:\s|$)"),
    re.compile(r"(?i)xpack\.security\.enabled\s*[=:]\s*['\"]?false"),
    re.compile(r"\bAllowAllAuthenticator\b"),
)
_REDIS: Final = re.compile(r"(?:^|[/_.-])(?:redis|valkey|keydb|dragonfly)(?:$|[:/_.-]|[0-9])")
_UNPROTECTED: Final = re.compile(r"(?i)\bprotected-mode(?:\s+|=)['\"]?no\b")
_REDIS_GUARDS: Final = re.compile(
    r"requirepass[=\s]+\S|aclfile[=\s]+\S|(?:server\s+|^)[\w./-]+\.conf\b|\buser\s+default\s+off\b"
)
_REDIS_VARIABLES: Final = re.compile(r"(?:REDIS|VALKEY|KEYDB|DFLY|DRAGONFLY)_?(?:REQUIRE)?PASS|(?:REDIS|VALKEY)_ACL")
_MONGO: Final = re.compile(r"(?:^|[/_.-])(?:mongo|mongodb)(?:$|[:/_.-]|[0-9])")
_MONGO_GUARDS: Final = re.compile(r"--auth\b|--keyFile\b|--config\b|-f\b")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    variables = {name.upper(): value for _, name, value in workload.environment()}
    for where, name, value in workload.environment():
        trusted, text = _VARIABLES.get(name.upper().replace(".", "_")), str(value or "")
        said = value is not None and trusted is not None and re.fullmatch(trusted, text.strip().lower())
        if said or any(form.search(text) for form in _TEXTS):
            yield f"{where}: {name} lets every client in without a password"
    command = " ".join(workload.command())
    if any(text.search(command) for text in _TEXTS):
        yield "command: it lets every client in without a password"
    yield from _uploads(workload)
    yield from _nothing_said(workload, variables, command)


def _uploads(workload: Workload) -> Iterator[str]:
    for upload in workload.uploads():
        if any(form.search(text) for form in _TEXTS for text in upload.texts):
            yield f"{upload.where}: it lets every client in without a password"


def _nothing_said(workload: Workload, variables: dict[str, object], command: str) -> Iterator[str]:
    """Servers that ask for no password unless they are told to."""
    if workload.one_shot():
        return
    image = workload.image()
    name = image.split("@")[0].lower() if isinstance(image, str) else ""
    redis, mongo = _REDIS.search(name) or _UNPROTECTED.search(command), _MONGO.search(name)
    asked = any(_REDIS_VARIABLES.match(key) for key in variables) and "bitnami" in str(image)  # others read none
    if redis and (is_store_image(name) or command) and not _REDIS_GUARDS.search(command) and not asked:
        yield "command: neither requirepass nor an aclfile: every client gets in without a password"
    if mongo and not _MONGO_GUARDS.search(command) and not any("ROOT_USERNAME" in key for key in variables):
        yield "envs: neither a root user nor --auth: every client gets in without a password"


RULE = ResourceRule(
    name="refuse-trust-authentication",
    description="Data stores ask every client for a password.",
    why="Everything on the same network is let in otherwise, and one broken app is enough for all data.",
    remedy="Use scram-sha-256 with a password file for PostgreSQL, an aclfile for Redis, a root user for MongoDB",
    severity=Severity.CRITICAL,
    types=CONTAINERS,
    check=_check,
)
