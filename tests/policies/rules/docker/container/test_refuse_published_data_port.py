"""One compliant container and one change per test; properties arrive wrapped as they do in the pack."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rule import Level, Severity
from policies.rules.docker.container.refuse_published_data_port import RULE
from policies.stores import DATA_PORTS
from tests.policies.judging import findings_so_far, found, subject

PUBLIC = "0.0.0.0"
COMPLIANT: dict[str, Any] = {
    "name": "db",
    "image": "pgvector/pgvector:pg16",
    "ports": [{"internal": 5432, "external": 5432, "ip": "127.0.0.1", "protocol": "tcp"}],
    "networksAdvanced": [{"name": "data-tier"}],
    "labels": [{"label": "data-tier.tier", "value": "data"}],
    "envs": ["POSTGRES_PASSWORD=hunter2"],
}
APP: dict[str, Any] = {
    "name": "web",
    "image": "example/web:1",
    "ports": [{"internal": 3000, "external": 3000, "ip": PUBLIC}],
}


def violations(props: dict[str, Any], kind: str = CONTAINER) -> list[str]:
    return found(RULE, kind, props)


def with_port(**changes: Any) -> dict[str, Any]:
    props = copy.deepcopy(COMPLIANT)
    props["ports"][0].update(changes)
    return props


def without_port_key(key: str) -> dict[str, Any]:
    props = copy.deepcopy(COMPLIANT)
    del props["ports"][0][key]
    return props


def test_a_data_port_on_loopback_passes():
    assert violations(COMPLIANT) == []


def test_the_rule_is_mandatory_and_critical():
    assert (RULE.level, RULE.severity) == (Level.MANDATORY, Severity.CRITICAL)


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"])
def test_every_spelling_of_loopback_passes(ip):
    assert violations(with_port(ip=ip)) == []


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "0",
        PUBLIC,
        "::",
        "[::]",
        "::ffff:0.0.0.0",
        "localhost",
        "db.example",
        "203.0.113.7",
        "192.168.1.5",
        "10.0.0.1",
        "2001:db8::1",
        "127.1",
        "[::1]",
        " 127.0.0.1",
        "127.0.0.1 ",
        "127.0.0.1/32",
        "127.000.000.001",
        "::1%lo",
        "::ffff:8.8.8.8",
    ],
)
def test_every_other_address_is_refused(ip):
    assert len(violations(with_port(ip=ip))) == 1


def test_a_missing_ip_is_every_address():
    assert "every address" in violations(without_port_key("ip"))[0]


def test_a_null_ip_is_every_address():
    assert "every address" in violations(with_port(ip=None))[0]


@pytest.mark.parametrize("port", sorted(DATA_PORTS))
def test_the_usual_port_of_each_store_is_refused_on_any_container(port):
    assert len(violations({**APP, "ports": [{"internal": port, "external": 15000, "ip": PUBLIC}]})) == 1


@pytest.mark.parametrize("port", [5432.0, "5432", "5432/tcp", "5430-5440", "6379", "postgres"])
def test_a_port_is_recognized_as_number_text_range_and_when_it_cannot_be_read(port):
    assert len(violations({**APP, "ports": [{"internal": port, "ip": PUBLIC}]})) == 1


def test_a_data_port_outside_is_refused_whatever_the_port_inside():
    assert len(violations({**APP, "ports": [{"internal": 15432, "external": 5432, "ip": PUBLIC}]})) == 1


def test_a_public_port_that_is_no_data_port_passes_on_an_app():
    assert violations(APP) == []


def test_port_zero_is_no_data_port():
    assert violations({**APP, "ports": [{"internal": 0, "external": 0, "ip": PUBLIC}]}) == []


def test_a_store_on_another_port_is_refused_by_its_image():
    assert len(violations({**APP, "image": "docker.io/library/redis:7-alpine"})) == 1


@pytest.mark.parametrize(
    "image",
    [
        "postgres",
        "bitnami/postgresql:16",
        "pgvector/pgvector:pg16",
        "data-tier/postgres:17",
        "mongo:7",
        "mariadb@sha256:" + "0" * 64,
    ],
)
def test_images_of_stores_are_recognized(image):
    assert len(violations({**APP, "image": image})) == 1


@pytest.mark.parametrize(
    "image", ["oliver006/redis_exporter:1", "rediscommander/redis-commander", "example/mysqlike-frontend"]
)
def test_images_around_stores_are_not_stores(image):
    assert violations({**APP, "image": image}) == []


def test_a_store_on_another_port_is_refused_by_its_label():
    assert len(violations({**APP, "labels": [{"label": "data-tier.tier", "value": "data"}]})) == 1


def test_another_tier_in_the_label_is_no_store():
    assert violations({**APP, "labels": [{"label": "data-tier.tier", "value": "frontend"}]}) == []


def test_each_port_is_reported():
    props = {
        **COMPLIANT,
        "ports": [{"internal": 5432}, {"internal": 6432, "ip": "::"}, {"internal": 80, "ip": "127.0.0.1"}],
    }
    assert [message.split(":")[0] for message in violations(props)] == ["ports[0]", "ports[1]"]


def test_missing_and_empty_ports_pass():
    assert violations({"image": "postgres"}) == []
    assert violations({"image": "postgres", "ports": []}) == []


def test_other_resource_types_are_left_alone():
    assert violations(with_port(ip=PUBLIC), kind="docker:index/network:Network") == []


def test_an_unknown_address_is_no_violation_and_is_told():
    with pytest.raises(UnknownValueError) as caught:
        violations(with_port(ip=UNKNOWN_STRING_VALUE))
    assert "ports.0.ip" in caught.value.message


@pytest.mark.parametrize(
    ("key", "value"),
    [("image", UNKNOWN_STRING_VALUE), ("labels", UNKNOWN_ARRAY_VALUE), ("envs", UNKNOWN_ARRAY_VALUE)],
)
def test_an_unknown_value_does_not_hide_an_open_port(key, value):
    one = subject(CONTAINER, {**with_port(ip=PUBLIC, external=UNKNOWN_NUMBER_VALUE), key: value})
    assert len(findings_so_far(RULE, one)) == 1
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_an_unknown_port_does_not_hide_the_next_one():
    props = {**COMPLIANT, "ports": [{"internal": UNKNOWN_NUMBER_VALUE, "ip": UNKNOWN_STRING_VALUE}, {"internal": 5432}]}
    one = subject(CONTAINER, props)
    assert [message.split(":")[0] for message in findings_so_far(RULE, one)] == ["ports[1]"]
    with pytest.raises(UnknownValueError, match=""):
        one.reader.finish()


def test_an_unknown_image_behind_loopback_is_not_even_read():
    assert violations({**COMPLIANT, "image": UNKNOWN_STRING_VALUE}) == []


def test_an_unknown_image_of_a_public_app_is_told():
    with pytest.raises(UnknownValueError):
        violations({**APP, "image": UNKNOWN_STRING_VALUE})


def test_an_unknown_image_is_not_told_where_a_label_names_the_tier():
    labels = [{"label": "data-tier.tier", "value": "frontend"}]
    assert violations({**APP, "image": UNKNOWN_STRING_VALUE, "labels": labels}) == []


def test_a_label_of_another_tier_does_not_excuse_the_image_of_a_store():
    labels = [{"label": "data-tier.tier", "value": "frontend"}]
    assert len(violations({**APP, "image": "redis:7", "labels": labels})) == 1


def test_an_unknown_list_of_ports_is_told():
    with pytest.raises(UnknownValueError):
        violations({**COMPLIANT, "ports": UNKNOWN_ARRAY_VALUE})


def test_findings_hold_no_values_but_port_and_address():
    for message in violations(with_port(ip=PUBLIC)):
        assert not re.search("hunter2|POSTGRES", message)


@pytest.mark.parametrize(
    "image",
    [
        "expressco/postgres:17",
        "team/express-postgres:1",
        "exporter.example/postgres:17",
        "postgres_exporter/postgres",
        "mypostgres:16",
        "citusdata/citus:12",
        "supabase/db:1",
        "my/pg:16",
        "redismod:1",
    ],
)
def test_a_store_is_known_by_its_image_whatever_stands_around_its_name(image):
    assert len(violations({**APP, "image": image, "ports": [{"internal": 9999, "ip": PUBLIC}]})) == 1


@pytest.mark.parametrize("env", ["POSTGRES_PASSWORD=x", "PGDATA=/data", "MYSQL_ROOT_PASSWORD=x", "REDIS_PASSWORD=x"])
def test_an_image_by_id_is_a_store_when_its_environment_says_so(env):
    props = {**APP, "image": "sha256:" + "0" * 64, "envs": [env], "ports": [{"internal": 9999, "ip": PUBLIC}]}
    assert len(violations(props)) == 1


def test_the_tier_in_a_label_counts_in_any_case():
    props = {**APP, "labels": [{"label": "data-tier.tier", "value": "Data"}], "ports": [{"internal": 1, "ip": PUBLIC}]}
    assert len(violations(props)) == 1


@pytest.mark.parametrize(
    "command",
    [
        ["postgres", "-p", "8080"],
        ["/usr/lib/postgresql/17/bin/postgres"],
        ["sh", "-c", "exec redis-server --port 8080"],
        ["mongod", "--port", "80"],
        ["socat", "TCP-LISTEN:8080,fork", "TCP:db:5432"],
        ["sh", "-c", "haproxy -f /x & nc -l 8080 | nc db 6379"],
    ],
)
def test_a_command_that_serves_data_or_relays_to_it_makes_any_port_a_data_port(command):
    assert len(violations({**APP, "image": "sha256:" + "0" * 64, "command": command})) == 1


def test_the_entry_point_counts_as_the_command_does():
    assert len(violations({**APP, "entrypoints": ["valkey-server"]})) == 1


def test_an_app_that_only_names_a_store_passes():
    assert violations({**APP, "command": ["web", "--database", "db:5432"], "envs": ["DATABASE_HOST=db:5432"]}) == []


def test_a_container_of_a_data_component_is_a_store_whatever_it_looks_like():
    urn = "urn:pulumi:dev::p::data-tier:postgres:PostgresServer$docker:index/container:Container::x"
    assert len(found(RULE, CONTAINER, APP, urn=urn)) == 1


SWARM: dict[str, Any] = {
    "endpointSpec": {"ports": [{"targetPort": 80, "publishedPort": 8080}]},
    "taskSpec": {"containerSpec": {"image": "example/web:1"}},
}


def test_a_swarm_service_without_data_passes():
    assert violations(SWARM, SERVICE) == []


@pytest.mark.parametrize("mode", ["ingress", "host", None])
def test_a_swarm_service_publishes_on_every_node_in_each_mode(mode):
    props = {**SWARM, "endpointSpec": {"ports": [{"targetPort": 5432, "publishMode": mode}]}}
    assert "endpointSpec.ports[0]: data port 5432" in violations(props, SERVICE)[0]


@pytest.mark.parametrize(
    "spec",
    [
        {"image": "postgres:16"},
        {"image": "x:1", "env": {"POSTGRES_PASSWORD_FILE": "/x"}},
        {"image": "x:1", "commands": ["redis-server"]},
        {"image": "x:1", "labels": [{"label": "data-tier.tier", "value": "data"}]},
    ],
)
def test_a_swarm_service_is_a_store_as_a_container_is(spec):
    assert len(violations({**SWARM, "taskSpec": {"containerSpec": spec}}, SERVICE)) == 1


def test_unknown_ports_of_a_swarm_service_are_told():
    with pytest.raises(UnknownValueError):
        violations({**SWARM, "endpointSpec": {"ports": UNKNOWN_ARRAY_VALUE}}, SERVICE)


@pytest.mark.parametrize(
    "change",
    [
        {"image": "alpine/socat:1", "command": ["tcp-listen:7000,fork", "tcp:db:5432"]},
        {"image": "alpine/socat:1", "command": ["TCP-LISTEN:7000,fork", "TCP:db:postgresql"]},
        {"image": "nginx:1.27", "uploads": [{"file": "/etc/nginx/nginx.conf", "content": "proxy_pass db:5432;"}]},
        {"image": "haproxy:3", "uploads": [{"file": "/h.cfg", "content": "server one db:6379 check"}]},
        {"image": "acme/tcp-proxy:1", "envs": ["TARGET=db:5432"]},
        {"command": ["sh", "-c", "postgres>/dev/null"]},
        {"command": ["sh", "-c", 'post""gres -D /data']},
        {"command": ["docker-entrypoint.sh", "redis-server"]},
        {"command": ["gosu", "postgres", "postgres"]},
        {"command": ["sh", "-c", "service postgresql start; sleep 9d"]},
        {"command": ["java", "-cp", "x.jar", "kafka.Kafka", "/server.properties"]},
        {"command": ["redis-server-7.4"]},
        {"image": "acme/appdb:1"},
        {"image": "redict/redict:7"},
        {"ports": [{"internal": "9" * 5000, "ip": PUBLIC}]},
        {"ports": [{"internal": "5432-1", "ip": PUBLIC}]},
    ],
)
def test_relays_and_hidden_stores_are_refused(change):
    assert len(violations({**APP, "image": "sha256:" + "0" * 64, **change})) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"envs": ["POSTGRES_HOST=db", "POSTGRES_USER=app", "POSTGRES_PASSWORD_FILE=/run/secrets/p"]},
        {"envs": ["KAFKA_BROKERS=kafka:9092"]},
        {"envs": ["ETCD_ENDPOINTS=http://etcd:2379"]},
        {"envs": ["REDIS_PASSWORD_FILE=/x", "REDIS_URL=redis://r"]},
        {"command": ["sh", "-c", "until pg_isready -h postgres; do sleep 1; done; exec gunicorn app"]},
        {"command": ["sh", "-c", "psql -U postgres -c 'select 1' && exec web"]},
        {"command": ["sh", "-c", "nc -z db 5432; exec ./app"]},
        {"command": ["./server", "--db-driver", "postgres", "--cache", "memcached"]},
        {"image": "postgrest/postgrest:12"},
        {"image": "provectuslabs/kafka-ui:1"},
        {"image": "docker.elastic.co/beats/filebeat:8"},
        {"image": "registry.db.acme.io/web:1"},
        {"image": "acme/neon-web:1"},
        {"image": "acme/mongoose-api:1"},
        {"image": "nginx:1.27", "uploads": [{"file": "/n.conf", "content": "proxy_pass web:8000;"}]},
    ],
)
def test_clients_and_tools_of_a_store_are_not_stores(change):
    assert violations({**APP, **change}) == []
