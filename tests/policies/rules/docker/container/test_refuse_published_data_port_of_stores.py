"""A data store is known by its image, environment, label, command, component and relays, whatever port it is on."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_published_data_port import RULE
from tests.policies.judging import found
from tests.policies.rules.docker.container.test_refuse_published_data_port import APP, PUBLIC, violations


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
