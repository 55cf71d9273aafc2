"""The stack file as the doctor reads it: checked by the program's own rules, and raw where it breaks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import yaml

from components.config.text import own_keys
from images import registry
from operate import pulumi
from operate.doctor.finding import Finding, fail, ok, warn


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """`config` has the file's own keys without their namespace, {} where the file isn't there or isn't YAML;
    `own_subnets` those of apps' own networks, {} where the file breaks a rule.
    """

    stack: str
    finding: Finding
    config: dict[str, Any] = field(default_factory=dict)
    own_subnets: dict[str, IPv4Network] = field(default_factory=dict)

    @classmethod
    def read(cls, stack: str) -> StackFile:
        """Read and check a stack's file."""
        path = pulumi.REPOSITORY / f"Pulumi.{stack}.yaml"
        try:
            found = yaml.safe_load(path.read_text())
            config = own_keys(found["config"])
        except FileNotFoundError:
            todo = "write it like Pulumi.dev.yaml, or name another with --stack"
            return cls(stack=stack, finding=warn("stack file", f"{path.name} is missing", todo))
        except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
            found = f"{path.name} can't be read ({type(error).__name__})"
            return cls(stack=stack, finding=fail("stack file", found, "write it like Pulumi.dev.yaml"))
        finding, own = _checked(path.name, config)
        return cls(stack=stack, config=config, finding=finding, own_subnets=own)

    @property
    def prefix(self) -> str:
        """The prefix of the stack's names, "" where the file names none."""
        return str(self.config.get("prefix") or "")

    def ports(self) -> Iterator[tuple[str, int]]:
        """The host port of each app that publishes one; what is no port is left to the program's own rules."""
        for app, its in _mapping(self.config.get("apps")).items():
            host, _, _ = str(_mapping(_mapping(its).get("service")).get("port", "")).partition(":")
            if host.isdigit():
                yield str(app), int(host)

    def subnets(self) -> Iterator[tuple[str, IPv4Network]]:
        """The subnets of tiers and of apps' own networks, by the dotted key that says or could say them."""
        for tier, its in _mapping(self.config.get("network")).items():
            yield from _subnet(f"network.{tier}.subnet", _mapping(its).get("subnet"))
        for app, subnet in self.own_subnets.items():
            yield f"apps.{app}.subnet", subnet

    def images(self) -> list[str]:
        """The images that the servers run, where the majors are decided."""
        majors = _mapping(self.config.get("images"))
        servers = [f"data-tier/{kind}:{majors[kind]}" for kind in ("postgres", "redis") if kind in majors]
        named = registry.MAJOR.search(str(_mapping(self.config.get("mongo")).get("image", "")))
        documents = [f"data-tier/mongo:{named[1]}"] if named else []
        return [*servers, *documents, "data-tier/probe:1"] if servers else []


def _checked(name: str, config: dict[str, Any]) -> tuple[Finding, dict[str, IPv4Network]]:
    """What the program's own rules say, and the subnets of apps in the isolated place where they are met."""
    from components.config import SettingsError, parse, places

    try:
        settings = parse(config)
    except SettingsError as error:
        first = f"{error.problems[0].key}: {error.problems[0].rule}"
        return fail(
            "stack file", f"{name}: {len(error.problems)} wrong, {first}", "`make preview` lists all of them"
        ), {}
    own = {app: places.own_subnet(settings, app) for app in places.apps_in(settings, "isolated")}
    return ok("stack file", f"{name}: {len(settings.apps)} apps"), own


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _subnet(key: str, text: Any) -> Iterator[tuple[str, IPv4Network]]:
    try:
        if text:
            yield key, IPv4Network(text)
    except ValueError:
        return
