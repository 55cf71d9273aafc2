"""The way to the Docker daemon. What is asked of it is not known here."""

from __future__ import annotations

import docker
from docker.errors import DockerException

from images.errors import ImageError


def connect(seconds: int = 60) -> docker.DockerClient:
    """A client whose single calls wait at most `seconds` for an answer. Raises ImageError where no daemon answers."""
    try:
        return docker.from_env(timeout=seconds)
    except DockerException as error:
        raise ImageError(f"no Docker daemon answers ({type(error).__name__}): start one, or set DOCKER_HOST") from None
