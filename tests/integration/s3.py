"""A server that speaks S3, and checks who signs, for the tests: moto over TLS on the gateway of Docker's bridge.

Its users, rights and buckets are set by the same interface that Amazon has.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import docker

from components.tls import certificates
from components.tls.certificates import Life, Subject

NAME = "s3.outside.test"
BUCKET = "kept-elsewhere"
_SEED = "a seed of nobody but the tests"
_FIRST = 4  # what is done before there is a user who could sign
# moto's own command ends TLS without saying so, which pgBackRest takes for an error
_SERVER = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple
class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    def finish(self):
        super().finish()
        self.connection.settimeout(5)
        try:
            self.connection.unwrap()
        except OSError:
            pass
address, port, *certified = sys.argv[1:]
app = DomainDispatcherApplication(create_backend_app)
run_simple(address, int(port), app, threaded=True, request_handler=Handler, ssl_context=tuple(certified))
"""
_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Bucket:
    """Where it answers and who may use it; `authority` is the certificate that verifies it."""

    address: str
    port: int
    key: str
    secret: str
    authority: str

    def names(self) -> list[str]:
        """The objects in the bucket."""
        pages = _client("s3", self).get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


@contextmanager
def served(client: docker.DockerClient, folder: Path) -> Iterator[Bucket]:
    """A bucket that one user may use."""
    address = client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    with socket.create_server((address, 0)) as probe:
        port = probe.getsockname()[1]
    authority = _certified(folder, address)
    command = [sys.executable, "-c", _SERVER, address, str(port), str(folder / "s3.crt"), str(folder / "s3.key")]
    with (folder / "s3.log").open("wb") as log:
        env = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(_FIRST)}
        env["S3_IGNORE_SUBDOMAIN_BUCKETNAME"] = "true"  # the service's own name has a point
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
    try:
        _wait(address, port)
        nobody = Bucket(address, port, "nobody", "nothing", authority)
        iam = _client("iam", nobody)
        iam.create_user(UserName="backup")
        made = iam.create_access_key(UserName="backup")["AccessKey"]
        iam.put_user_policy(UserName="backup", PolicyName="all", PolicyDocument=json.dumps(_ALL))
        _client("s3", nobody).create_bucket(Bucket=BUCKET)
        yield Bucket(address, port, made["AccessKeyId"], made["SecretAccessKey"], authority)
    finally:
        process.terminate()
        process.wait(10)


def _client(service: str, its: Bucket) -> Any:
    return boto3.client(
        service,
        endpoint_url=f"https://{its.address}:{its.port}",
        region_name="us-east-1",
        aws_access_key_id=its.key,
        aws_secret_access_key=its.secret,
        verify=False,
    )


def _wait(address: str, port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((address, port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the S3 server doesn't answer")


def _certified(folder: Path, address: str) -> str:
    now = datetime.now(UTC)
    subject = Subject(names=[NAME], addresses=[address])
    made = certificates.issue(_SEED, "outside", subject, Life(days=30, renew=10), now)
    (folder / "s3.crt").write_text(made.certificate)
    (folder / "s3.key").write_text(made.key)
    return certificates.authority(_SEED, "outside", now)
