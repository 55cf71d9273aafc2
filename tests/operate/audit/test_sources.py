"""The sources' own fragments, tables and port lists: what their documents call critical is found, and no more of it.

Other rules find more in them; here are the counts that the documents themselves give.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from operate.audit import scan, state
from operate.audit.judge import Found, judge
from operate.audit.policy_config import PolicyConfig
from operate.audit.resources import Source
from operate.audit.run import Wanted, examine
from policies.catalogue import all_rules

FIXTURES = Path(__file__).parents[2] / "fixtures/audit"
EXPOSED = "refuse-published-data-port"
LITERAL = "refuse-password-literal"
SERVICE = "kubernetes:core/v1:Service"


def audited(file: str) -> list[Found]:
    return examine(Wanted(compose=(FIXTURES / file,))).found


def exposed(file: str) -> list[str]:
    return sorted(one.where for one in audited(file) if one.rule == EXPOSED)


def password_lines(file: str) -> dict[int, str]:
    """Line and kind of what looks like a password, looked for as in a log."""
    found = scan.look([scan.of_logs(str(FIXTURES / file))], scan.Secrets(), PolicyConfig())
    return {int(one.where.removeprefix("line ")): one.what for one in found if one.rule == LITERAL}


def test_000_has_five_published_data_ports_three_of_postgresql_and_two_of_redis():
    assert exposed("000/current.yaml") == [
        "services.bizoholic-postgres-new.ports[0]",
        "services.bizoholic-postgres.ports[0]",
        "services.bizosaas-postgres-staging.ports[0]",
        "services.bizosaas-redis-staging.ports[0]",
        "services.shared-redis-dev.ports[0]",
    ]


def test_000_those_five_and_nothing_else_are_critical():
    found = [one for one in audited("000/current.yaml") if one.severity == "critical"]
    assert Counter((one.rule, one.level) for one in found) == {(EXPOSED, "mandatory"): 5}


def test_000_what_the_document_proposes_has_nothing_critical():
    assert [one.rule for one in audited("000/consolidated.yaml") if one.severity == "critical"] == []


@pytest.mark.parametrize("file", ["000/consolidated.yaml", "000/required_changes.yaml", "000/single_instances.yaml"])
def test_000_what_the_document_proposes_publishes_no_data_port(file):
    assert exposed(file) == []


def test_000_the_lists_without_a_compose_document_are_read_as_services():
    found = audited("000/required_changes.yaml")
    assert {"Container saleor-headless", "Container saleor-admin"} <= {one.resource for one in found}


def test_001_has_the_ports_of_its_four_services_and_of_the_legacy_database():
    assert exposed("001/compose.yaml") == [
        f"services.{name}.ports[0]" for name in ("auth-db", "cart-db", "legacy-db", "product-db", "promotion-db")
    ]


def test_001_has_a_password_in_plain_in_each_of_its_five_services():
    found = [one.resource for one in audited("001/compose.yaml") if one.rule == "refuse-plaintext-password"]
    assert len(set(found)) == 5


def test_001_the_document_itself_holds_five_passwords_and_four_urls_with_one():
    kinds = Counter(password_lines("001/document.txt").values())
    assert kinds["a URL with a password"] == 4


def test_002_has_the_six_ports_of_its_table():
    assert exposed("002/compose.yaml") == [
        f"services.postgres-{name}.ports[0]" for name in ("chat", "infra", "mail", "sheet", "slides", "suite")
    ]


def test_002_its_memory_limit_is_seen_where_it_is_written():
    found = {one.resource for one in audited("002/compose.yaml") if one.rule == "require-memory-limit"}
    assert "Container postgres-slides" not in found
    assert len(found) == 5


def test_003_has_one_published_data_port():
    assert exposed("003/compose.yaml") == ["services.postgres.ports[0]"]


def test_003_the_passwords_of_the_document_are_found_and_the_reference_is_not():
    lines = password_lines("003/document.txt")
    text = (FIXTURES / "003/document.txt").read_text().split("\n")
    found = [text[line - 1].strip() for line in lines]
    assert "POSTGRES_PASSWORD=SharedInfra2024!SuperSecure" in found
    assert 'password="SharedInfra2024!SuperSecure"' in found
    assert "CREATE USER analytics_ro WITH PASSWORD 'secure_password';" in found
    assert "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}" not in found
    assert len(found) == 5


def services(kind: str = "ClusterIP") -> Source:
    """The services that 004 names with their ports, as a state has them; `kind` is that of the first."""
    text = (FIXTURES / "004/document.txt").read_text()
    named = re.findall(r"\*\*Service Name\*\*: `([\w-]+)\.default\.svc\.cluster\.local:(\d+)`", text)
    resources = []
    for at, (name, port) in enumerate(named):
        spec = {"type": "ClusterIP" if at else kind, "ports": [{"port": int(port)}], "selector": {"app": name}}
        urn = f"urn:pulumi:dev::portfolio::{SERVICE}::{name}"
        inputs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
        resources.append({"urn": urn, "type": SERVICE, "custom": True, "inputs": inputs})
    return state.source({"resources": resources}, "004")


@pytest.mark.parametrize(("kind", "exposed"), [("ClusterIP", 0), ("NodePort", 1), ("LoadBalancer", 1)])
def test_004_its_six_services_are_reachable_inside_the_cluster_only(kind, exposed):
    source = services(kind)
    found = judge(source, all_rules(), PolicyConfig())[0]
    assert len(source.resources) == 6
    assert len({one.urn for one in found if one.severity == "critical"}) == exposed


def test_004_its_six_connection_strings_hold_a_password():
    assert Counter(password_lines("004/document.txt").values())["a URL with a password"] == 6
