"""PostgreSQL as the official image has it where ours differs, for the recorded programs were run with that one.

Ours is told by its server who may log in from where, and listens nowhere without being told.
"""

from __future__ import annotations

import io

from docker import DockerClient

SOURCE = "data-tier/postgres:17"
IMAGE = "data-tier-test/postgres:17"
_SAMPLES = "/usr/share/postgresql/17"
_DOCKERFILE = f"""
FROM {SOURCE}
ENV POSTGRES_INITDB_ARGS=--locale=C
RUN printf "listen_addresses = '*'\\nfsync = off\\n" >> {_SAMPLES}/postgresql.conf.sample \\
 && printf "host all all all scram-sha-256\\n" >> {_SAMPLES}/pg_hba.conf.sample
STOPSIGNAL SIGINT
"""


def ensure(client: DockerClient) -> str:
    """The image's name; built where our image is another one than before. Raises docker.errors.BuildError."""
    client.images.build(fileobj=io.BytesIO(_DOCKERFILE.encode()), tag=IMAGE, network_mode="none", rm=True)
    return IMAGE
