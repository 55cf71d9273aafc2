"""Which unit uses which store, by its environment, its links and what it depends on. Pure.

A URL or a host variable is proof; `depends_on` or a link counts where the environment says nothing; a port never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from components.config.mongo_fields import MONGOS_OWN
from operate.adopt.recognise import Kind
from operate.adopt.unit import Unit, unresolved

_URL: Final = re.compile(
    r"(?P<scheme>[a-zA-Z][\w+.-]*(?::[a-z]+)?)://(?:(?P<user>[^:/@\s,]*)(?::(?P<password>[^@\s]*))?@)?"
    r"(?P<host>\$\{[^}]*\}|\[[^\]]*\]|[^:/?#\s,;\"']+)(?::(?P<port>\$\{[^}]*\}|[0-9]+))?(?:/(?P<path>[^?#\s,;\"']*))?"
)
_STORE_SCHEMES: Final = re.compile(
    r"(?:jdbc:)?(?:postgres(?:ql)?|postgis|pgsql|ecto|rediss?|valkeys?|mongodb|mysql2?|mariadb|amqps?)(?:\+\w+)?"
)
_HOST: Final = re.compile(r"(?:HOST(?:S|NAME|_NAME)?|SERVERS?|ADDR(?:ESS)?|ENDPOINTS?|UR[LI]|NODES?|BROKERS?)$")
_DATABASE: Final = ("NAME", "DATABASE", "DB", "DBNAME", "DB_NAME", "DATABASE_NAME", "URL_DATABASE")
_CONNECTION: Final = frozenset(
    {
        *_DATABASE,
        "PORT",
        "USER",
        "USERNAME",
        "PASSWORD",
        "PASS",
        "PASSWD",
        "HOST",
        "HOSTNAME",
        "SSLMODE",
        "INDEX",
        "PASSWORD_FILE",
        "USER_FILE",
        "DB_FILE",
    }
)
_STEMS: Final = {
    Kind.POSTGRES: ("POSTGRES_", "POSTGRESQL_", "PG", "DB_", "DATABASE_", "SQL_"),
    Kind.MONGO: ("MONGO_", "MONGODB_", "DB_", "DATABASE_"),
    Kind.REDIS: ("REDIS_", "VALKEY_", "CACHE_"),
}
_FAMILIES: Final = {Kind.POSTGRES: {"POSTGRES_", "PG"}, Kind.MONGO: {"MONGO_", "MONGODB_"}}
_BEHIND_HOSTS: Final = re.compile(r"[^/?#\s\"']*/([^/?#\s,;\"']*)")  # a URL of MongoDB may name several
_THIS_HOST: Final = frozenset(
    {"host.docker.internal", "localhost", "127.0.0.1", "172.17.0.1", "gateway.docker.internal"}
)


@dataclass(frozen=True, kw_only=True)
class Use:
    """One unit's use of one store: a database by name ("" where the server's own is meant), or by number (Redis).

    `variables` say so; "" among them stands for `depends_on` and links alone.
    """

    unit: str
    store: str
    database: str = ""
    number: int = 0
    variables: tuple[str, ...] = ()

    @property
    def is_guess(self) -> bool:
        """Whether no variable says so."""
        return not self.variables


@dataclass
class Uses:
    """What was found: uses, servers that are elsewhere, the variables that connect, those without a value."""

    found: list[Use] = field(default_factory=list)
    outside: list[tuple[str, str, str]] = field(default_factory=list)  # unit, variable, host
    connecting: dict[str, set[str]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def of(self, unit: str) -> list[Use]:
        """A unit's uses, in the order of its variables."""
        return [use for use in self.found if use.unit == unit]

    def add(self, use: Use) -> None:
        """Note a use, once for each database."""
        for at, known in enumerate(self.found):
            if (known.unit, known.store, known.database, known.number) == (
                use.unit,
                use.store,
                use.database,
                use.number,
            ):
                both = tuple(dict.fromkeys((*known.variables, *use.variables)))
                self.found[at] = Use(**{**known.__dict__, "variables": both})
                return
        self.found.append(use)


@dataclass(frozen=True)
class _Map:
    """Who answers to which name and host port."""

    kinds: Mapping[str, Kind]
    names: Mapping[str, str]
    ports: Mapping[int, str]
    behind: Mapping[str, str]

    def store(self, unit: Unit, host: str, port: str | None) -> str | None:
        """The store that a unit reaches by a host name; through a pooler the one behind it."""
        found = self.names.get(unit.links.get(host, host)) or self.names.get(host)
        if found is None and host in _THIS_HOST and (port or "").isdecimal():
            found = self.ports.get(int(port or 0))
        found = self.behind.get(found or "", found)
        return found if found and self.kinds[found] is not Kind.APP else None


def find(units: list[Unit], kinds: Mapping[str, Kind]) -> Uses:
    """All uses of all units that are apps."""
    uses = Uses()
    known = _known(units, kinds)
    for unit in units:
        if kinds[unit.name] is Kind.APP:
            _of_unit(unit, known, uses)
    return uses


def hosts(text: str) -> Iterator[str]:
    """The hosts of all URLs in a text, and the text itself where it may be a host."""
    yield from (found["host"] for found in _URL.finditer(text))
    yield text.partition(":")[0]


def _known(units: list[Unit], kinds: Mapping[str, Kind]) -> _Map:
    names: dict[str, str] = {}
    for unit in units:
        for name in (unit.name, unit.container, *unit.aliases):
            if name:
                names.setdefault(name, unit.name)
    ports = {
        port.host: unit.name for unit in units if kinds[unit.name] is not Kind.APP for port in unit.ports if port.host
    }
    plain = _Map(kinds, names, ports, {})
    behind: dict[str, str] = {}
    for unit in units:
        if kinds[unit.name] is Kind.POOLER:
            told = [host for value in unit.env.values() for part in value.split(",") for host in hosts(part)]
            found = [plain.store(unit, host, None) for host in [*told, *unit.depends]]
            store = next((one for one in found if one and kinds[one] is Kind.POSTGRES), None)
            behind |= {unit.name: store} if store else {}
    return _Map(kinds, names, ports, behind)


def _of_unit(unit: Unit, known: _Map, uses: Uses) -> None:
    connecting = uses.connecting.setdefault(unit.name, set())
    for variable, value in unit.env.items():
        for found in _URL.finditer(value):
            _of_url(unit, variable, found, known, uses)
        if _HOST.search(variable.upper()) and "://" not in value:
            for part in re.split(r"[,\s]+", value):
                _of_host(unit, variable, part, known, uses)
    proven = {use.store for use in uses.of(unit.name)}
    for name in (*unit.depends, *unit.links.values()):
        store = known.store(unit, name, None)
        if store and store not in proven:
            uses.add(Use(unit=unit.name, store=store, database=_sibling(unit, "", known.kinds[store], connecting)))


def _of_url(unit: Unit, variable: str, found: re.Match[str], known: _Map, uses: Uses) -> None:
    scheme, host, port = found["scheme"].lower(), found["host"], found["port"]
    store, of_store = known.store(unit, host, port), bool(_STORE_SCHEMES.fullmatch(scheme))
    if of_store:
        uses.connecting[unit.name].add(variable)
        for name in unresolved(f"{host}{found['path'] or ''}"):
            uses.missing.setdefault(name, f"{unit.key}.environment.{variable}")
    if store is None:
        if of_store and not unresolved(host):
            uses.outside.append((unit.name, variable, host))
        return
    uses.connecting[unit.name].add(variable)
    path = found["path"] or ""
    if known.kinds[store] is Kind.POSTGRES:
        user = found["user"] or ""
        database = path or _sibling(unit, "", Kind.POSTGRES, set()) or ("" if unresolved(user) else user)
        _note_family(unit, variable, Kind.POSTGRES, uses)
        uses.add(Use(unit=unit.name, store=store, database=database, variables=(variable,)))
    elif known.kinds[store] is Kind.MONGO:
        database = _in_mongo_url(found) or _sibling(unit, "", Kind.MONGO, uses.connecting[unit.name])
        for name in unresolved(database):
            uses.missing.setdefault(name, f"{unit.key}.environment.{variable}")
        _note_family(unit, variable, Kind.MONGO, uses)
        uses.add(Use(unit=unit.name, store=store, database=database, variables=(variable,)))
    else:
        number = int(path) if path.isdecimal() else 0
        uses.add(Use(unit=unit.name, store=store, number=number, variables=(variable,)))


def _in_mongo_url(found: re.Match[str]) -> str:
    """The database that a URL names; one of MongoDB's own is where its user logs in."""
    behind = _BEHIND_HOSTS.match(found.string, found.end("host"))
    name = behind[1] if behind else ""
    return "" if name in MONGOS_OWN else name


def _of_host(unit: Unit, variable: str, value: str, known: _Map, uses: Uses) -> None:
    stem = _HOST.sub("", variable)
    host, _, port = value.partition(":")
    store = known.store(unit, host, port or unit.env.get(f"{stem}PORT"))
    if store is None:
        return
    connecting, kind = uses.connecting[unit.name], known.kinds[store]
    connecting.add(variable)
    database = _sibling(unit, stem, kind, connecting)
    _note_family(unit, variable, kind, uses)
    if kind is Kind.REDIS:
        number = int(database) if database.isdecimal() else 0
        uses.add(Use(unit=unit.name, store=store, number=number, variables=(variable,)))
    else:
        for name in unresolved(database):
            uses.missing.setdefault(name, f"{unit.key}.environment")
        uses.add(Use(unit=unit.name, store=store, database=database, variables=(variable,)))


def _sibling(unit: Unit, stem: str, kind: Kind, connecting: set[str]) -> str:
    """The database that variables beside the host's name, "" for none."""
    for one in dict.fromkeys((stem, *_STEMS.get(kind, ()))):
        for end in _DATABASE if one else ():
            if unit.env.get(f"{one}{end}"):
                connecting.add(f"{one}{end}")
                return unit.env[f"{one}{end}"]
    return ""


def _note_family(unit: Unit, variable: str, kind: Kind, uses: Uses) -> None:
    """Port, user, password and the like that go with a host or URL: the app gets one URL instead of all of them."""
    stems = {_HOST.sub("", variable)} - {""} | _FAMILIES.get(kind, _FAMILIES[Kind.POSTGRES])
    told = {f"{stem}{end}" for stem in stems for end in _CONNECTION}
    uses.connecting[unit.name] |= told & set(unit.env)
