"""The values that single keys may have which refer to something elsewhere: secrets, files, volumes, other servers.

As in `fields`, each raises `rule_error` and never sees another key.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Annotated, Final

from pydantic import AfterValidator

from components.config.fields import HOST_NAME, VARIABLE, rule_error

_SECRET_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_VAULT_PATH: Final = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_VAULT_ADDRESS: Final = re.compile(r"(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?")
_VOLUME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,127}")
_LONGEST_DOMAIN: Final = 253  # RFC 1035, without the dot at the end


def _sql_path(value: str) -> str:
    return _inside(value, "sql/shop")


def _project_path(value: str) -> str:
    return _inside(value, "certificates/db.pem")


def _inside(value: str, example: str) -> str:
    path = PurePosixPath(value)
    if not value or "\0" in value or path.is_absolute() or ".." in path.parts or str(path) == ".":
        raise rule_error("a path begins at the folder of Pulumi.yaml and stays inside it", f"Write it like {example}")
    return str(path)


def _domain_name(value: str) -> str:
    labels = value.split(".")
    if len(value) > _LONGEST_DOMAIN or not all(map(HOST_NAME.fullmatch, labels)) or labels[-1].isdigit():
        raise rule_error(
            "a server outside is known by its domain name, in small letters and without a dot at the end: an address "
            "has no name that a certificate, or a relay, could answer to",
            "Write host: db.example.com; hostaddr beside it says an address",
        )
    if labels[-1] == "localhost":
        raise rule_error("localhost is another machine for each container", "Write the name that containers see")
    return value


def _address(value: str) -> str:
    try:
        found = IPv4Address(value)
    except ValueError:
        raise rule_error("an address here is an IPv4 address", "Write it like 10.1.2.3") from None
    if found.is_loopback or found.is_unspecified or found.is_multicast:
        raise rule_error("containers can't connect to it", "Write the address that they reach")
    return value


def _secret_name(value: str) -> str:
    if not _SECRET_NAME.fullmatch(value):
        raise rule_error(
            "a secret's name has capitals, digits and underscores, no digit first", "Write it like API_KEY"
        )
    if _is_data_url(value):
        raise rule_error("the data URLs come from postgres:, redis: and mongo: of the app", "Rename the secret")
    return value


def _volume(value: str) -> str:
    if not _VOLUME.fullmatch(value):
        raise rule_error("a volume has letters, digits, points, underscores and hyphens, 2 to 128", "Rename it")
    return value


def _url_name(value: str) -> str:
    if not _SECRET_NAME.fullmatch(value):
        raise rule_error(
            "a variable here has capitals, digits and underscores, no digit first", "Write it like LEGACY_DATABASE_URL"
        )
    if _is_data_url(value):
        raise rule_error(
            "this name is that of the app's own stores, from postgres:, redis: and mongo:",
            "Write one like LEGACY_DATABASE_URL",
        )
    return value


def _is_data_url(name: str) -> bool:
    own = {"CA", "DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "MONGODB_URL"}
    return name in own or name.startswith(("DATABASE_URL_", "REDIS_URL_", "MONGODB_URL_"))


def _environment_name(value: str) -> str:
    if not VARIABLE.fullmatch(value):
        raise rule_error("a variable has letters, digits and underscores, no digit first", "Correct its name")
    return value


def _vault_path(value: str) -> str:
    if not _VAULT_PATH.fullmatch(value):
        raise rule_error("a path in Vault is names with slashes between them", "Write it like apps/shop")
    return value


def _vault_address(value: str) -> str:
    if not _VAULT_ADDRESS.fullmatch(value):
        raise rule_error("an address is https://host:port; http on loopback only", "Write https://vault.example:8200")
    return value


SqlPath = Annotated[str, AfterValidator(_sql_path)]
ProjectPath = Annotated[str, AfterValidator(_project_path)]
DomainName = Annotated[str, AfterValidator(_domain_name)]
Address = Annotated[str, AfterValidator(_address)]
SecretName = Annotated[str, AfterValidator(_secret_name)]
VolumeName = Annotated[str, AfterValidator(_volume)]
UrlName = Annotated[str, AfterValidator(_url_name)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
VaultPath = Annotated[str, AfterValidator(_vault_path)]
VaultAddress = Annotated[str, AfterValidator(_vault_address)]
