"""Certificates and users of running servers, as status and the doctor tell about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.tls.certificates import Life, Subject, issue
from operate import certificates, daemon, inside, status
from operate import stack as stacks
from operate.doctor import servers
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError
from operate.inside import Done
from operate.stack import Server
from operate.status import Report
from tests.operate.outputs import outputs, stack

NOW = datetime.now(UTC)


def pem(ends: timedelta) -> bytes:
    """A server's certificate that ends about then; windows of a day, so that none is more than one off."""
    life = Life(days=60, renew=59)
    return issue("seed", "t", Subject(names=["s"]), life, NOW - timedelta(days=60) + ends).certificate.encode()


class Container:
    status = "running"


class Host:
    """What is answered inside the containers: a certificate, and the users that Redis has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ends: timedelta, users: bytes) -> None:
        told = outputs()
        for server in told["servers"].values():
            server["tls"] = True
        self.stack = stack(servers=told["servers"])
        self.answers = {"cat": Done(0, pem(ends), b""), "sh": Done(0, users, b"")}
        monkeypatch.setattr(stacks, "read", lambda name: self.stack)
        monkeypatch.setattr(daemon, "find", lambda client, name: Container())
        monkeypatch.setattr(inside, "capture", lambda container, command, **_: self.answers[command[0]])

    def findings(self, **config: Any) -> list[tuple[str, str, str]]:
        file = StackFile(stack="dev", finding=servers.ok("stack file", ""), config=config)
        return [(one.check, one.level, one.found) for one in servers.findings("dev", file, object())]  # type: ignore[arg-type]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch, timedelta(days=50), b"admin\ndefault\nshop\n")


def test_all_well_is_one_line(host):
    [(check, level, found)] = host.findings(tls={"days": 60, "renew": 20})
    assert (check, level) == ("certificates", "ok")
    assert found.startswith("3, the first expires in 5") or found.startswith("3, the first expires in 4")


def test_a_certificate_that_up_would_renew_is_told_by_the_stack_files_own_rule(host):
    found = host.findings(tls={"days": 60, "renew": 55})
    assert [(check, level) for check, level, _ in found] == [("certificates", "warn")] * 3
    assert len(host.findings()) == 3, "a third of a year by default"


def test_an_expired_certificate_fails(monkeypatch):
    found = Host(monkeypatch, timedelta(days=-5), b"shop").findings()
    assert [(level, text) for _, level, text in found] == [
        ("fail", f"that of {name} has expired") for name in ("t-postgres", "t-redis", "t-wiki-postgres")
    ]


def test_a_user_that_was_deleted_by_hand_is_missed(monkeypatch):
    host = Host(monkeypatch, timedelta(days=50), b"admin\ndefault\nwork-shop\n")
    assert ("redis users", "fail", "shop is missing on t-redis") in host.findings(tls={"days": 60, "renew": 20})


def test_a_retired_apps_user_is_not_missed(monkeypatch):
    host = Host(monkeypatch, timedelta(days=50), b"admin\n")
    apps = outputs()["apps"]
    apps["shop"]["retired"] = True
    host.stack = stack(apps=apps)
    assert [found for found in host.findings() if found[0] == "redis users"] == []


def test_a_redis_that_does_not_answer_is_told(host):
    host.answers["sh"] = Done(1, b"", b"NOAUTH")
    assert ("redis users", "warn", "t-redis doesn't tell them: NOAUTH") in host.findings()


@pytest.mark.parametrize(("generation", "login"), [(1, "shop_a"), (2, "shop_b")])
def test_a_user_of_mongo_that_was_deleted_by_hand_is_missed_and_a_retired_apps_isnt(
    host, monkeypatch, generation, login
):
    document = {"shop": {"server": "mongo", "database": "shop", "users": ["shop_a", "shop_b"]}}
    told = outputs()
    server = {**told["servers"]["redis"], "kind": "mongo", "name": "t-mongo"}
    apps = {**told["apps"], "shop": {**told["apps"]["shop"], "generation": generation}}
    host.stack = stack(servers={"mongo": server}, mongo_users=document, redis_users={}, apps=apps)
    there = {"shop_a", "shop_b"}
    monkeypatch.setattr(servers.mongo, "users", lambda *_: there)
    assert host.findings() == []
    there.discard(login)
    assert host.findings() == [("mongo users", "fail", f"{login} is missing on t-mongo")]
    apps["shop"]["retired"] = True
    host.stack = stack(servers={"mongo": server}, mongo_users=document, redis_users={}, apps=apps)
    assert host.findings() == []


def test_a_mongo_that_does_not_answer_is_told(host, monkeypatch):
    def silent(*_: Any) -> set[str]:
        raise OperateError("t-mongo: ServerSelectionTimeoutError")

    told = outputs()
    server = {**told["servers"]["redis"], "kind": "mongo", "name": "t-mongo"}
    apps = {**told["apps"], "shop": {**told["apps"]["shop"], "generation": 1}}
    document = {"shop": {"server": "mongo", "database": "shop", "users": ["shop_a", "shop_b"]}}
    host.stack = stack(servers={"mongo": server}, mongo_users=document, redis_users={}, apps=apps)
    monkeypatch.setattr(servers.mongo, "users", silent)
    [(check, level, found)] = host.findings()
    assert (check, level) == ("mongo users", "warn")
    assert "t-mongo doesn't tell them" in found


def test_the_certificate_of_mongo_is_read_from_its_one_file(host, monkeypatch):
    read: list[str] = []
    answer = host.answers["cat"]
    monkeypatch.setattr(inside, "capture", lambda container, command, **_: read.append(command[1]) or answer)
    server = Server(**{**vars(host.stack.servers["redis"]), "kind": "mongo"})
    assert certificates.expiry(Container(), server) is not None  # type: ignore[arg-type]
    assert read == ["/run/secrets/tls.pem"]


def test_a_stack_that_is_down_has_no_servers_to_ask(host):
    host.stack = stack(running=False)
    assert host.findings() == []


def test_a_server_in_clear_has_no_certificate_and_a_broken_file_is_none(host):
    clear = stack().servers["redis"]
    assert certificates.expiry(Container(), clear) is None  # type: ignore[arg-type]
    host.answers["cat"] = Done(0, b"none", b"")
    assert certificates.expiry(Container(), host.stack.servers["redis"]) is None  # type: ignore[arg-type]


def test_status_fails_on_an_expired_certificate_and_tells_the_others():
    ends = {"t-redis": NOW - timedelta(days=1), "t-postgres": NOW + timedelta(days=9, hours=1)}
    report = Report(stack="dev", running=True, parts=(), uses=(), volumes={}, certificates=ends)
    assert report.problems == ["t-redis: its certificate has expired; `make up` renews it"]
    assert report.as_json()["certificates"]["t-postgres"] == ends["t-postgres"].isoformat()
    assert status.render(report)
    assert certificates.days_left(ends["t-postgres"], NOW) == 9
