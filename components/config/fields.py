"""The values that single keys may have: names, sizes, ports, subnets.

Each type raises `rule_error` with the rule and what to do; it never sees another key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

HOST_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_APP: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_IDENTIFIER: Final = re.compile(r"[a-z_][a-z0-9_]*")
_EXTENSION: Final = re.compile(r"[a-z][a-z0-9_-]*")
VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9._/:-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?")
_SIZE: Final = re.compile(r"([1-9][0-9]*)(Mi|Gi)")
_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})(ms|s|min|h)")
_MILLISECONDS: Final = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
_LONGEST: Final = 2**31 - 1  # milliseconds, in PostgreSQL's own integers
_PORTS: Final = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_PORT: Final = re.compile(r"([0-9]{1,5}):([0-9]{1,5})")
_HIGHEST_PORT: Final = 65535
_IDENTIFIER_BYTES: Final = 63  # PostgreSQL's NAMEDATALEN - 1: longer names are cut silently
_LONGEST_SUFFIX: Final = "_migrate"
_APP_BYTES: Final = 40
_SMALLEST_SUBNET: Final = 27  # below /27 there is no room for fixed addresses beside the range handed out
OWN_SUBNET: Final = 28  # an app's own network: its two servers in the lower half, its clients in the upper one
_PRIVATE: Final = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))  # RFC 1918
_DOCKERS_OWN: Final = IPv4Network("172.17.0.0/16")
_RESERVED: Final = {"postgres", "template0", "template1", "public", "none", "all", "sameuser", "samerole", "samegroup"}
_RESERVED_ROLES: Final = {"replication", "current_role", "current_user", "session_user", "user"}


def rule_error(rule: str, remedy: str) -> PydanticCustomError:
    """A validation error that carries its rule and what to do about it."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule, "remedy": remedy})


@dataclass(frozen=True)
class PortRange:
    """The host ports of a tier, both ends included."""

    first: int
    last: int

    def __contains__(self, port: int) -> bool:
        return self.first <= port <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class PortMapping:
    """A published port: `host` outside, `container` inside."""

    host: int
    container: int

    def __str__(self) -> str:
        return f"{self.host}:{self.container}"


def _host_name(value: str) -> str:
    if not HOST_NAME.fullmatch(value) or value == "localhost":
        raise rule_error(
            "a container or network name is also a host name: a-z, 0-9 and hyphens, 63 at most", "Rename it"
        )
    return value


def _slug(value: str) -> str:
    if not _APP.fullmatch(value) or len(value) > _APP_BYTES:
        raise rule_error("a name here has a-z, 0-9 and single hyphens, starts with a letter, 40 at most", "Rename it")
    return value


def _app(value: str) -> str:
    if not _APP.fullmatch(value) or len(value) > _APP_BYTES or value in {"default", "admin", "localhost"}:
        raise rule_error(
            "an app's name has a-z, 0-9 and single hyphens, starts with a letter, 40 at most, "
            "not default, admin or localhost",
            "Rename the app",
        )
    return value


def _role(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value) or len(value) > _IDENTIFIER_BYTES:
        raise rule_error("PostgreSQL names here have a-z, 0-9 and underscores, no digit first, 63 at most", "Rename it")
    if value.startswith("pg_") or value in _RESERVED - {"postgres"} | _RESERVED_ROLES:
        raise rule_error("PostgreSQL keeps this name for itself", "Choose another name")
    return value


def _database(value: str) -> str:
    longest = _IDENTIFIER_BYTES - len(_LONGEST_SUFFIX)
    if not _IDENTIFIER.fullmatch(value) or len(value) > longest:
        raise rule_error(
            f"a database has a-z, 0-9 and underscores, no digit first, {longest} at most (roles add {_LONGEST_SUFFIX})",
            "Rename the database",
        )
    if value.startswith("pg_") or value in _RESERVED | _RESERVED_ROLES:
        raise rule_error("PostgreSQL keeps this name for itself", "Choose another name")
    return value


def _extension(value: str) -> str:
    if value == "pgvector":
        raise rule_error("the extension of the pgvector project is called vector", "Write vector")
    if not _EXTENSION.fullmatch(value) or len(value) > _IDENTIFIER_BYTES:
        raise rule_error("not a name that CREATE EXTENSION takes", "See pg_available_extensions for the names")
    return value


def _variable(value: str) -> str:
    if not VARIABLE.fullmatch(value):
        raise rule_error("a variable has letters, digits and underscores, no digit first", "Rename the variable")
    if value.upper().endswith(("PASSWORD", "SECRET", "TOKEN", "PASSWD")):
        raise rule_error(
            "secrets don't go through the environment: docker inspect shows it", "Remove it; secrets come as files"
        )
    if value in {
        "DATABASE_URL",
        "REDIS_URL",
        "DATABASE_URL_FILE",
        "REDIS_URL_FILE",
        "MONGODB_URL",
        "MONGODB_URL_FILE",
        "CA_FILE",
    }:
        raise rule_error("the data URLs are set from postgres:, redis: and mongo: of the app, as files", "Remove it")
    return value


def _image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise rule_error("not an image reference such as name:tag", "Write it as docker pull takes it")
    return value


def _size(value: Any) -> Any:
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise rule_error("a size is a whole number with Mi or Gi", 'Write it like "512Mi" or "2Gi"')
    return int(match[1]) * (1024 if match[2] == "Gi" else 1)


def _milliseconds(value: Any) -> Any:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise rule_error(
            "a time is a whole number with ms, s, min or h, without a blank", 'Write it like "500ms", "5s" or "2min"'
        )
    found = int(match[1]) * _MILLISECONDS[match[2]]
    if found > _LONGEST:
        raise rule_error("the longest time that PostgreSQL takes is 596h", "Write a shorter one")
    return found


def _seconds(value: Any) -> Any:
    milliseconds = _milliseconds(value)
    if milliseconds % 1000:
        raise rule_error("a time here is a number of whole seconds", 'Write it like "5s" or "2min"')
    return milliseconds // 1000


def _parameter_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if not isinstance(value, str):
        raise rule_error("a parameter has one value", 'Write it like "64MB", 200 or false')
    return value


def _ports(value: Any) -> Any:
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[1]) <= int(match[2]) <= _HIGHEST_PORT:
        raise rule_error("a range of ports is first-last within 1-65535", 'Write it like "4000-4999"')
    return PortRange(int(match[1]), int(match[2]))


def _port(value: Any) -> Any:
    match = _PORT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not all(0 < int(port) <= _HIGHEST_PORT for port in match.groups()):
        raise rule_error(
            "a port is host:container within 1-65535; the address comes from the tier", 'Write it like "4003:8000"'
        )
    return PortMapping(int(match[1]), int(match[2]))


def _subnet(value: Any) -> Any:
    return _private_subnet(value, _SMALLEST_SUBNET)


def _own_subnet(value: Any) -> Any:
    return _private_subnet(value, OWN_SUBNET)


def _private_subnet(value: Any, smallest: int) -> IPv4Network:
    try:
        subnet = IPv4Network(value if isinstance(value, str) else "")
    except ValueError:
        raise rule_error(
            "a subnet is an IPv4 network whose host bits are 0", 'Write it like "172.28.10.0/24"'
        ) from None
    if not any(subnet.subnet_of(block) for block in _PRIVATE) or subnet.prefixlen > smallest:
        raise rule_error(
            f"a subnet is private and no smaller than /{smallest}",
            "Take one from 10/8, 172.16/12 or 192.168/16",
        )
    if subnet.overlaps(_DOCKERS_OWN):
        raise rule_error(f"it overlaps {_DOCKERS_OWN}, Docker's own bridge", "Choose another subnet")
    return subnet


HostName = Annotated[str, AfterValidator(_host_name)]
Slug = Annotated[str, AfterValidator(_slug)]
AppName = Annotated[str, AfterValidator(_app)]
RoleName = Annotated[str, AfterValidator(_role)]
DatabaseName = Annotated[str, AfterValidator(_database)]
ExtensionName = Annotated[str, AfterValidator(_extension)]
CpuWeight = Annotated[int, Field(ge=2, le=262_144)]
Variable = Annotated[str, AfterValidator(_variable)]
ImageReference = Annotated[str, AfterValidator(_image)]
Mebibytes = Annotated[int, BeforeValidator(_size)]
Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]
Seconds = Annotated[int, BeforeValidator(_seconds)]
ParameterValue = Annotated[str, BeforeValidator(_parameter_value)]
HostPort = Annotated[int, Field(ge=1024, le=65535)]
Ports = Annotated[PortRange, BeforeValidator(_ports)]
Port = Annotated[PortMapping, BeforeValidator(_port)]
Subnet = Annotated[IPv4Network, BeforeValidator(_subnet)]
OwnSubnet = Annotated[IPv4Network, BeforeValidator(_own_subnet)]
