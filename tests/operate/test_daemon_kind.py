"""Which kind of Docker daemon answers, and whether containers can be reached by their address."""

from __future__ import annotations

import pytest

from operate import addresses, daemon

GATEWAYS = {"bridge": "172.17.0.1"}


@pytest.fixture(autouse=True)
def _own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "own", lambda: frozenset({"172.17.0.1", "192.0.2.7"}))
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.mark.parametrize(("info", "host", "gateways", "kind"), [
    ({}, "", GATEWAYS, "local"),
    ({}, "tcp://127.0.0.1:2375", GATEWAYS, "local"),
    ({}, "tcp://192.0.2.7:2376", GATEWAYS, "local"),
    ({}, "tcp://192.0.2.8:2376", GATEWAYS, "remote"),
    ({}, "ssh://someone@elsewhere", GATEWAYS, "remote"),
    ({}, "", {"bridge": "172.18.0.1"}, "separate"),
    ({}, "", {}, "separate"),
    ({"OperatingSystem": "Docker Desktop"}, "", GATEWAYS, "desktop"),
    ({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}, "", GATEWAYS, "rootless"),
])  # fmt: skip
def test_the_kind_is_told_by_what_the_daemon_says_and_where_it_is(
    monkeypatch: pytest.MonkeyPatch, info: dict[str, object], host: str, gateways: dict[str, str], kind: str
) -> None:
    if host:
        monkeypatch.setenv("DOCKER_HOST", host)
    found = daemon.kind(info, gateways)
    assert (found.name, found.bridges) == (kind, kind == "local"), "only a local daemon's bridges are this machine's"


def test_this_machine_has_an_address_besides_loopback() -> None:
    found = addresses._of_linux() if addresses._TRIE.exists() else addresses._on_the_way_out()
    assert found - {"127.0.0.1", "::1"}, "else nothing could be tried from outside"
