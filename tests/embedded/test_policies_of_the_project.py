"""The project's own pack under the engine: what isn't known at preview, exceptions, and packs that break.

No Docker is there: a call of the provider would end in another message than the rules'.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.embedded.conftest import REPOSITORY, Result, Workspace

Make = Callable[[str], Workspace]
URN = "urn:pulumi:test::demo::docker:index/container:Container::db"
RULE = "refuse-published-data-port"
NOT_YET = "cannot be known yet, checked again before creation"
PUBLIC = "data port 5432 is published on '0.0.0.0'"
CONTAINER = """
import pulumi_docker as docker
number = random.RandomInteger("number", min={last}, max={last})
said = command.local.Command("said", create="printf {first}.0.0.{last}")
ip = number.result.apply(lambda last: f"{first}.0.0.{{last}}")
def port(ip):
    return docker.ContainerPortArgs(internal=5432, external=15432, ip=ip)
docker.Container("db", name="never-made", image="postgres:17", {more} ports={ports})
"""
UNKNOWN = {
    "an address from a random value": "[port(ip)]",
    "an address that a provider computes": "[port(said.stdout)]",
    "a secret address": "[port(pulumi.Output.secret(ip))]",
    "a whole port": "[ip.apply(port)]",
    "the whole list": "ip.apply(lambda ip: [port(ip)])",
    "one of two ports": '[port("127.0.0.1"), port(ip)]',
}


class Judged:
    """A workspace without Docker that asks the project's pack, with all rules off but those that are named."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self.stack: Workspace

    def program(self, ports: str, more: str = "", address: tuple[int, int] = (0, 0)) -> None:
        first, last = address
        self.stack = self._make(CONTAINER.format(ports=ports, more=more, first=first, last=last))
        self.stack.env["DOCKER_HOST"] = f"unix://{self.stack.root}/no-docker.sock"
        self.config({RULE: "mandatory"})

    def config(self, rules: dict[str, Any]) -> None:
        (self.stack.root / "config.json").write_text(json.dumps({"all": "disabled", **rules}))

    def run(self, *command: str) -> Result:
        arguments = ("--policy-pack", str(REPOSITORY / "policies"), "--policy-pack-config", "config.json")
        result = self.stack.pulumi(*command, *arguments, ok=False)
        assert "no-docker.sock" not in result.out + result.err or command[0] != "preview"
        return result


@pytest.fixture
def judged(workspace: Make) -> Judged:
    return Judged(workspace)


@pytest.mark.parametrize("ports", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_at_preview_is_refused_before_it_is_made(judged: Judged, ports: str) -> None:
    judged.program(ports)
    preview = judged.run("preview")
    assert preview.code == 0, preview.out
    assert f"[advisory]  {RULE}" in preview.out.replace(" [severity: critical]", "")
    assert NOT_YET in preview.out
    update = judged.run("up", "--yes", "--skip-preview")
    assert update.code == 1
    assert PUBLIC in update.out
    assert NOT_YET not in update.out
    assert "no-docker.sock" not in update.out + update.err, "the provider was asked to create it"
    assert {"number", "said"} <= judged.stack.resources().keys()
    assert "db" not in judged.stack.resources()


def test_a_preview_before_the_update_does_not_open_the_way(judged: Judged) -> None:
    judged.program("[port(ip)]")
    update = judged.run("up", "--yes")
    assert update.code == 1
    assert NOT_YET in update.out
    assert PUBLIC in update.out
    assert "db" not in judged.stack.resources()


def test_what_turns_out_to_be_good_reaches_the_provider(judged: Judged) -> None:
    judged.program("[port(ip)]", address=(127, 1))
    update = judged.run("up", "--yes", "--skip-preview")
    assert RULE not in update.out
    assert "no-docker.sock" in update.out, "the only thing that stops it is that there is no Docker"


def test_an_unknown_value_hides_neither_other_findings_nor_other_rules(judged: Judged) -> None:
    judged.program('[port("0.0.0.0"), port(ip)]', more="privileged=number.result.apply(lambda last: last == 0),")
    judged.config({RULE: "mandatory", "refuse-privileged": "mandatory"})
    preview = judged.run("preview")
    assert preview.code == 1
    assert "ports[0]: " + PUBLIC in preview.out
    assert preview.out.count(NOT_YET) == 2
    update = judged.run("up", "--yes", "--skip-preview")
    assert update.code == 1
    assert "ports[1]: " + PUBLIC in update.out
    assert "refuse-privileged" in update.out
    assert "db" not in judged.stack.resources()


def test_a_secret_beside_what_is_unknown_is_judged_and_never_shown(judged: Judged) -> None:
    secret = """envs=[pulumi.Output.secret("POSTGRES_PASSWORD=hunterTWO-0123"),
        pulumi.Output.concat("REDIS_PASSWORD=", number.id)],"""
    judged.program("[port(ip)]", more=secret)
    judged.config({RULE: "mandatory", "refuse-plaintext-password": "mandatory"})
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        result = judged.run(*command)
        assert result.code == 1
        assert "refuse-plaintext-password" in result.out
        assert "hunterTWO" not in result.out + result.err
    assert "db" not in judged.stack.resources()


def exception(until: str, urn: str = URN) -> dict[str, Any]:
    return {RULE: {"enforcementLevel": "mandatory", "exceptions": [{"urn": urn, "reason": "moving", "until": until}]}}


def test_an_exception_lets_one_resource_through_until_its_day(judged: Judged) -> None:
    judged.program('[port("0.0.0.0")]')
    judged.config(exception("2999-12-31"))
    assert judged.run("preview").code == 0
    judged.config(exception("2999-12-31", URN.replace("::db", "::other")))
    assert judged.run("preview").code == 1


@pytest.mark.parametrize("ip", ["0.0.0.0", "127.0.0.1"])
def test_an_exception_that_has_run_out_fails_whether_the_resource_offends_or_not(judged: Judged, ip: str) -> None:
    judged.program(f'[port("{ip}")]')
    judged.config(exception("2020-01-01"))
    result = judged.run("preview")
    assert result.code == 1
    assert "ran out on 2020-01-01" in result.out


def test_an_exception_without_a_reason_is_refused_before_anything_runs(judged: Judged) -> None:
    judged.program('[port("127.0.0.1")]')
    judged.config({RULE: {"exceptions": [{"urn": URN, "until": "2999-12-31"}]}})
    result = judged.run("preview")
    assert result.code == 1
    assert f"\"{RULE}\", exceptions[0]: 'reason' is a required property" in result.err


@pytest.mark.parametrize("end", ["raise ValueError('rule is broken')", "__import__('os')._exit(3)"])
def test_a_pack_that_breaks_while_it_is_asked_lets_nothing_pass(workspace: Make, end: str) -> None:
    stack = workspace("""random.RandomId("id", byte_length=2)""")
    pack = stack.pack(f"""
def breaks(args, report):
    if args.resource_type.startswith("random:"):
        {end}

PolicyPack("demo-pack", policies=[ResourceValidationPolicy("breaks", "Breaks.", breaks)])
""")
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        result = stack.pulumi(*command, "--policy-pack", str(pack), ok=False)
        assert result.code == 1
        assert "Analyze failed" in result.out + result.err
    assert "id" not in stack.resources()
