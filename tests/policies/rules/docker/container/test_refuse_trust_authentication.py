"""One compliant resource and one change per test."""

from __future__ import annotations

import base64

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_trust_authentication import RULE
from tests.policies.docker_models import STORE, swarm
from tests.policies.judging import changed, found


def store(**changes):
    return found(RULE, CONTAINER, changed(STORE, **changes))


@pytest.mark.parametrize(
    "env",
    [
        "POSTGRES_HOST_AUTH_METHOD=trust",
        "POSTGRES_HOST_AUTH_METHOD= Trust ",
        "POSTGRES_INITDB_ARGS=--auth=trust",
        "POSTGRES_INITDB_ARGS=--auth-host trust",
        "POSTGRES_INITDB_ARGS=-A trust",
        "ALLOW_EMPTY_PASSWORD=yes",
        "POSTGRES_HOST_AUTH_METHOD=trust # for now",
        "MYSQL_ALLOW_EMPTY_PASSWORD=no",
        "MYSQL_ALLOW_EMPTY_PASSWORD=1",
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=anything",
        "NEO4J_AUTH=none",
        "AUTH_TYPE=any",
        "xpack.security.enabled=false",
        "DISABLE_SECURITY_PLUGIN=true",
    ],
)
def test_a_variable_that_lets_everybody_in_is_refused(env):
    assert len(store(envs=[env])) == 1


@pytest.mark.parametrize(
    "env",
    ["POSTGRES_HOST_AUTH_METHOD=scram-sha-256", "ALLOW_EMPTY_PASSWORD=no", "AUTH_TYPE=scram-sha-256", "AUTH=trusted"],
)
def test_a_variable_that_asks_for_a_password_passes(env):
    assert store(envs=[env]) == []


@pytest.mark.parametrize(
    "command",
    [
        ["mysqld", "--skip-grant-tables"],
        ["mongod", "--noauth"],
        ["redis-server", "--requirepass", ""],
        ["cockroach", "start-single-node", "--insecure"],
        ["redis-server", "--protected-mode", "no"],
        ["sh", "-c", "initdb --auth=trust && postgres"],
    ],
)
def test_a_command_that_lets_everybody_in_is_refused(command):
    assert len(store(command=command)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "host all all all trust",
        "local all all trust",
        "  hostssl\tall all 0.0.0.0/0   trust  # for now",
        "auth_type = any",
        '"host" all all 0.0.0.0/0 trust',
        "user default nopass on ~* &* +@all",
        "user default on nopass ~* &* +@all",
    ],
)
def test_an_uploaded_file_that_lets_everybody_in_is_refused(text):
    assert len(store(uploads=[{"file": "/f", "content": f"# hello\n{text}\n"}])) == 1
    assert len(store(uploads=[{"file": "/f", "contentBase64": base64.b64encode(text.encode()).decode()}])) == 1


def test_a_comment_about_trust_passes():
    assert store(uploads=[{"file": "/f", "content": "# host all all all trust\nhost all all all reject\n"}]) == []


@pytest.mark.parametrize(
    "image", ["redis:7", "valkey/valkey:8", "library/redis", "docker.dragonflydb.io/x/dragonfly:1"]
)
def test_a_redis_without_any_password_is_refused(image):
    assert len(store(image=image, command=...)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"command": ["sh", "-c", 'exec redis-server --requirepass "$(cat /run/secrets/r)"']},
        {"command": ["redis-server", "--aclfile", "/data/users.acl"]},
        {"command": ["redis-server", "/etc/redis.conf"]},
        {"image": "bitnami/redis:7", "command": ..., "envs": ["REDIS_PASSWORD_FILE=/run/secrets/r"]},
    ],
)
def test_a_redis_that_is_told_of_a_password_passes(change):
    assert store(**{"image": "redis:7", **change}) == []


def test_a_mongo_without_a_root_user_is_refused():
    assert len(store(image="mongo:7", command=..., envs=[])) == 1


@pytest.mark.parametrize("change", [{"command": ["mongod", "--auth"]}, {"envs": ["MONGO_INITDB_ROOT_USERNAME=admin"]}])
def test_a_mongo_that_asks_for_a_user_passes(change):
    assert store(**{"image": "mongo:7", "command": ..., "envs": [], **change}) == []


def test_a_swarm_service_counts_too():
    assert len(found(RULE, SERVICE, swarm(env={"POSTGRES_HOST_AUTH_METHOD": "trust"}))) == 1


@pytest.mark.parametrize("key", ["envs", "command", "uploads", "image"])
def test_what_is_not_known_is_told_later(key):
    with pytest.raises(UnknownValueError):
        store(**{key: UNKNOWN_STRING_VALUE})
