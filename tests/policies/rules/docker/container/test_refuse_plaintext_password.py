"""One compliant resource and one change per test."""

from __future__ import annotations

import base64

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_plaintext_password import RULE
from tests.policies.docker_models import ONE_SHOT, STORE, swarm
from tests.policies.judging import changed, found

WORD = "hunter2hunter2"


def store(**changes):
    return found(RULE, CONTAINER, changed(STORE, **changes))


@pytest.mark.parametrize(
    "env",
    [
        f"POSTGRES_PASSWORD={WORD}",
        f"PGPASSWORD={WORD}",
        f"REDIS_PASSWORD={WORD}",
        f"db_password={WORD}",
        f"MYSQL_ROOT_PASSWORD={WORD}",
        f"MONGO_INITDB_ROOT_PASSWORD={WORD}",
        f"REDISCLI_AUTH={WORD}",
        f"NEO4J_AUTH=neo4j/{WORD}",
        f"SECRET_KEY={WORD}",
        f"AWS_SECRET_ACCESS_KEY={WORD}",
        f"API_TOKEN={WORD}",
        f"DB_PASS={WORD}",
        "DB_PASSWORD=$ecret-of-the-house",
        "DB_PASSWORD=$2b$12$abcdefghijk",
        f"DATABASE_URL=postgresql://app:{WORD}@db/app",
        f"REDIS_URL=redis://:{WORD}@redis:6379/0",
        f"DSN=host=db user=app password={WORD}",
        f"JDBC=jdbc:postgresql://db/app?user=app&password={WORD}",
        f"REDIS_ARGS=--requirepass {WORD}",
        f"DBPASS={WORD}",
        f"SECRET1={WORD}",
        f"DATABASE_URL=POSTGRESQL://app:{WORD}@db/app",
        f"JAVA_OPTS=-Dspring.datasource.password={WORD}",
        f'SETTINGS={{"password":"{WORD}"}}',
    ],
)
def test_a_password_in_the_environment_is_refused_and_not_repeated(env):
    (message,) = store(envs=[env])
    assert message.startswith("envs[0]: ")
    assert env.partition("=")[2] not in message


@pytest.mark.parametrize(
    "env",
    [
        "POSTGRES_PASSWORD_FILE=/run/secrets/admin",
        "PGPASSFILE=/run/secrets/pgpass",
        "PGDATA=/var/lib/postgresql/data",
        "PASSWORD_ENCRYPTION=scram-sha-256",
        "DATABASE_URL=postgresql://db:5432/app",
        "DATABASE_URL=postgresql://app:$PASSWORD@db/app",
        "REDIS_PASSWORD=",
        "DB_PASSWORD=${DB_PASSWORD}",
        "DB_PASSWORD=$(DB_PASSWORD)",
        "POSTGRES_PASSWORD=/run/secrets/admin",
        "PWD=/srv/application",
        "MAX_TOKENS=4096",
        "SMTP_AUTH=plain",
        "PASSWORD_HASHERS=argon2",
        "SHOW_PASSWORD=never",
        "AUTH_TYPE=scram-sha-256",
    ],
)
def test_references_switches_and_names_around_a_password_pass(env):
    assert store(envs=[env]) == []


@pytest.mark.parametrize(
    "command",
    [
        ["redis-server", "--requirepass", WORD],
        ["redis-server", f"--requirepass={WORD}"],
        ["sh", "-c", f"PGPASSWORD={WORD} psql -c 'select 1'"],
        ["sh", "-c", f"redis-cli -a {WORD} ping"],
        ["sh", "-c", f"mysqladmin -p{WORD} ping"],
        ["web", f"--database=postgresql://a:{WORD}@db/a"],
        ["psql", "-c", f"ALTER ROLE a PASSWORD '{WORD}'"],
        ["web", "--password", WORD],
        ["web", f"--db-password={WORD}"],
        ["web", f"--redis.password={WORD}"],
    ],
)
def test_a_password_in_the_command_is_refused(command):
    assert store(command=command) == ["command: it holds a password"]


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", 'exec redis-server --requirepass "$(cat /run/secrets/redis)"'],
        ["sh", "-c", "mkdir -p /data && exec web"],
        ["psql", "-c", "ALTER ROLE a PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'"],
    ],
)
def test_a_command_that_reads_a_secret_file_passes(command):
    assert store(command=command) == []


def test_a_password_in_the_entry_point_is_refused():
    assert len(store(entrypoints=["redis-server", "--requirepass", WORD])) == 1


def test_a_password_in_the_health_check_is_refused():
    assert len(store(healthcheck={"tests": ["CMD", "redis-cli", "-a", WORD, "ping"]})) == 1


@pytest.mark.parametrize("label", [("db.password", WORD), ("url", f"amqp://a:{WORD}@mq")])
def test_a_password_in_a_label_is_refused(label):
    assert len(store(labels=[{"label": label[0], "value": label[1]}])) == 1


@pytest.mark.parametrize(
    "upload",
    [
        {"file": "/etc/redis.conf", "content": f"port 6379\nrequirepass {WORD}\n"},
        {"file": "/etc/app.env", "content": f"DB_PASSWORD=x\npassword={WORD}\n"},
        {"file": "/run/secrets/db_password", "content": WORD},
        {"file": "/x", "contentBase64": base64.b64encode(f"password={WORD}".encode()).decode()},
        {"file": "/app/.env", "content": f"# settings\nDB_PASSWORD={WORD}\n"},
        {"file": "/app.env", "content": f"export POSTGRES_PASSWORD='{WORD}'\n"},
        {"file": "/app.toml", "content": f'db_password = "{WORD}"'},
        {"file": "/x", "contentBase64": base64.encodebytes(f"{'#' * 80}\npassword={WORD}".encode()).decode()},
        {"file": "/key.pem", "content": "-----BEGIN RSA PRIVATE KEY-----\nabc"},
    ],
)
def test_a_password_in_an_uploaded_file_is_refused(upload):
    assert len(store(uploads=[upload])) == 1


def test_a_one_shot_without_network_may_carry_secret_files_to_a_volume():
    assert found(RULE, CONTAINER, ONE_SHOT) == []


@pytest.mark.parametrize("change", [{"mustRun": True}, {"mustRun": ...}, {"networkMode": ...}, {"restart": "always"}])
def test_whoever_stays_or_has_a_network_may_not(change):
    assert len(found(RULE, CONTAINER, changed(ONE_SHOT, **change))) == 1


def test_a_swarm_services_environment_counts_too():
    assert len(found(RULE, SERVICE, swarm(env={"POSTGRES_PASSWORD": WORD}))) == 1


@pytest.mark.parametrize("envs", [..., None, []])
def test_missing_and_empty_environments_pass(envs):
    assert store(envs=envs) == []


def test_an_unknown_variable_is_told_later():
    with pytest.raises(UnknownValueError):
        store(envs=[UNKNOWN_STRING_VALUE])
