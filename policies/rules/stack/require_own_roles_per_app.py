"""Refuses roles that reach more than one database of a server: an owner, a group or a login that two apps share.

It follows owners, grants, default privileges, schemas and memberships to their end. Servers are told apart by
what their provider connects to, for the same names may be on each. The program's own readers may reach several, as
long as neither they nor what they are members of can do more than read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.containers import number
from policies.rule import Finding, Settings, Severity, StackRule, Subject, names
from policies.rules.postgresql._types import DATABASE, GRANT_ROLE, GRANTS, PROVIDER, ROLE, SCHEMA
from policies.scalars import identifier

_PORT = 5432
_NOBODY = "public"  # grants to everybody have a rule of their own
_READERS = frozenset({"data-tier:postgres:Readers", "data-tier:postgres:Reader"})
_READING = frozenset({"CONNECT", "SELECT", "USAGE"})
_THE_PROVIDERS = ""  # an object without an owner belongs to the login of its provider


@dataclass
class _Server:
    """What one server's roles may reach; all names as `identifier` makes them."""

    owned: dict[str, list[tuple[str, Subject]]] = field(default_factory=dict)
    direct: dict[str, set[str]] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    subjects: dict[str, Subject] = field(default_factory=dict)
    writing: set[str] = field(default_factory=set)

    def readers(self) -> set[str]:
        """The roles of the program's readers that can do no more than read, by themselves or by what they are in."""
        own = {role for role, it in self.subjects.items() if it.type == ROLE and not _READERS.isdisjoint(it.kinds)}
        found = own - self.writing - self.owned.keys()
        while more := {role for role in found if not self.groups.get(role, set()) <= found}:
            found -= more
        return found

    def allow(self, role: str, database: str, by: Subject) -> None:
        """`by` lets a role into a database."""
        if role and database and role != _NOBODY:
            self.direct.setdefault(role, set()).add(database)
            self.subjects.setdefault(role, by)

    def reached(self) -> dict[str, set[str]]:
        """The databases that each role reaches by itself and by what it is a member of.

        Each role hands on what is new to it, so that neither deep nor circular memberships cost more.
        """
        members: dict[str, list[str]] = {}
        for role, groups in self.groups.items():
            for group in groups:
                members.setdefault(group, []).append(role)
        found: dict[str, set[str]] = {}
        todo = [(role, databases) for role, databases in self.direct.items()]
        while todo:
            role, databases = todo.pop()
            new = databases - found.setdefault(role, set())
            found[role] |= new
            todo += [(member, new) for member in members.get(role, ()) if new]
        return found


def _check(subjects: Sequence[Subject], settings: Settings) -> Iterator[Finding]:
    readers = {identifier(one) for one in settings["readers"]}
    for server in _servers(subjects).values():
        may = readers | server.readers()
        for owner, databases in server.owned.items():
            others = sorted({name for name, _ in databases})
            for _, subject in databases if len(others) > 1 and owner not in readers else ():
                yield Finding(f"owner: the same role owns the databases {', '.join(others)}", subject.urn)
        everything = server.reached()
        for role, subject in server.subjects.items():
            reached = sorted(everything.get(role, ()))
            if len(reached) > 1 and role not in may:
                yield Finding(f"role {role} reaches the databases {', '.join(reached)}", subject.urn)


def _servers(subjects: Sequence[Subject]) -> Mapping[str, _Server]:
    servers: dict[str, _Server] = {}
    addresses = {subject.urn: _address(subject) for subject in subjects if subject.type == PROVIDER}
    for subject in subjects:
        if subject.type == ROLE:
            role = _name(subject)
            server = servers.setdefault(addresses.get(subject.provider, subject.provider), _Server())
            server.subjects[role] = subject
            server.groups.setdefault(role, set()).update(_names(subject, "roles"))
    for subject in subjects:
        if subject.type in (DATABASE, SCHEMA, GRANT_ROLE, *GRANTS):
            _add(servers.setdefault(addresses.get(subject.provider, subject.provider), _Server()), subject)
    return servers


def _address(provider: Subject) -> str:
    """The server that a provider talks to: two providers may talk to the same one. Its URN where that isn't known."""
    host, port = provider.get("host"), provider.get("port")
    return f"{host.strip().lower()}:{number(port or _PORT)}" if isinstance(host, str) and host else provider.urn


def _add(server: _Server, subject: Subject) -> None:
    role, database = identifier(subject.get("role")), identifier(subject.get("database"))
    if subject.type == DATABASE:
        owner = identifier(subject.get("owner", unknown=subject.urn))  # an unknown one is nobody else's
        server.owned.setdefault(owner or _THE_PROVIDERS, []).append((_name(subject), subject))
        if owner in server.subjects:
            server.direct.setdefault(owner, set()).add(_name(subject))
    elif subject.type == GRANT_ROLE:
        server.groups.setdefault(role, set()).add(identifier(subject.get("grantRole")))
        server.subjects.setdefault(role, subject)
    elif subject.type == SCHEMA:
        server.allow(identifier(subject.get("owner")), database, subject)
        for _, policy in subject.reader.items(subject.props, "policies"):
            server.allow(identifier(subject.reader.get(policy, "role")), database, subject)
    elif privileges := {str(one).upper() for _, one in subject.reader.items(subject.props, "privileges")}:
        server.allow(role, database, subject)
        if not privileges <= _READING or (subject.get("objectType") == "sequence" and "USAGE" in privileges):
            server.writing.add(role)


def _name(subject: Subject) -> str:
    return identifier(subject.get("name")) or identifier(subject.name)


def _names(subject: Subject, key: str) -> Iterator[Any]:
    for _, name in subject.reader.items(subject.props, key):
        yield identifier(name)


RULE = StackRule(
    name="require-own-roles-per-app",
    description="Each database has an owner, a group and logins of its own.",
    why="A role that enters two databases joins two apps: who takes over one of them has the data of the other.",
    remedy="Give each database roles of its own; list a role that must read several under `readers`",
    severity=Severity.HIGH,
    settings={"readers": names("Roles that may reach several databases, such as an exporter's or a backup's.")},
    check=_check,
)
