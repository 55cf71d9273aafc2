"""The stack of the tests of MongoDB, and clients of it as an app is one. What is expected belongs to the tests."""

from __future__ import annotations

import os
from typing import Any

import docker
import pymongo
import pytest
from pymongo.errors import OperationFailure

from tests.integration import stackfile
from tests.integration.daemon import LABEL
from tests.integration.life import Life

PREFIX = f"mongo-{os.getpid()}"
IMAGE = "data-tier/mongo:7"
SHARED, OWN = f"{PREFIX}-mongo-unified", f"{PREFIX}-wiki-mongo"
FROM_FILE = """
import os, sys
sys.path.insert(0, "/opt/stand-in")
import pymongo
with pymongo.MongoClient(open("/run/secrets/mongodb_url").read(), serverSelectionTimeoutMS=5000) as client:
    print(client.get_default_database()["tried"].count_documents({}))
"""
CAUGHT = """
code = {code!r}
try:
    exec(code)
except Exception as error:
    print(error)
"""


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    pool = str(stackfile.free_pool(client))
    service = {"tier": "backend", "memory": "64Mi"}
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "4s"},
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": pool},
            "backend": {"internal": True, "subnet": backend},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {}},
        "data-tier:mongo": {"image": "mongo:7", "resources": {"memory": "512Mi", "cpu": 1}},
        "data-tier:apps": {
            "shop": {"mongo": {"database": "shop"}, "service": service},
            "blog": {"mongo": {"database": "blog_data"}},
            "wiki": {"mongo": {"database": "wiki"}, "dedicated": True},
        },
    }


def url(life: Life, app: str) -> str:
    return life.url(app, "mongodb_url", "mongo-wiki" if app == "wiki" else "mongo")


def entered(life: Life, app: str, given: str = "") -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(given or url(life, app), serverSelectionTimeoutMS=5000)


def in_container(life: Life, app: str, network: str, code: str, hosts: dict[str, str] | None = None) -> str:
    """What a client prints that has an app's secret files and nothing else, by the server's name."""
    done = life.host.client.containers.run(
        IMAGE,
        ["-c", code],
        entrypoint="python3",
        network=network,
        extra_hosts=hosts,
        remove=True,
        labels={LABEL: PREFIX},
        volumes={f"{PREFIX}-{app}-secrets": {"bind": "/run/secrets", "mode": "ro"}},
    )
    return str(done.decode()).strip()


def refused(client: pymongo.MongoClient[dict[str, Any]], database: str, command: Any, *value: Any) -> None:
    with pytest.raises(OperationFailure) as caught:
        client[database].command(command, *value)
    assert caught.value.code == 13, f"{command} on {database}: {caught.value}"
