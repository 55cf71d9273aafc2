"""Where a registry answers: extends the images that the stack file names, by the Docker daemon's own build.

The server image is always ours, so that it has pgaudit and pgBackRest whatever it came from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final

import docker
from docker.errors import BuildError, DockerException

from images.errors import ImageError
from images.recipes import HERE, RECIPE_LABEL

ANSWER_SECONDS: Final = 5
_MAJOR: Final = re.compile(r":(?:pg|v)?(\d+)")


def answers(image: str, seconds: int = ANSWER_SECONDS) -> bool:
    """Whether the registry of `image` tells the daemon about it within `seconds`."""
    client = docker.from_env(timeout=seconds)
    pool = ThreadPoolExecutor(1)
    try:
        pool.submit(client.api.inspect_distribution, image).result(seconds)
    except (DockerException, FutureTimeoutError, OSError):
        return False
    finally:
        pool.shutdown(wait=False)
    return True


def major(image: str) -> int:
    """The major version in an image's tag: 16 of pgvector/pgvector:pg16. Raises ImageError where there is none."""
    found = _MAJOR.search(image.rsplit("/", 1)[-1])
    if not found:
        raise ImageError(f"{image}: the tag names no major version; write one, like postgres:17")
    return int(found[1])


def build(kind: str, image: str, tag: str) -> None:
    """Build `tag` FROM `image`. Raises ImageError with the build's last lines."""
    client = docker.from_env(timeout=600)
    try:
        client.images.build(
            path=str(HERE),
            dockerfile=f"registry/{kind}.Dockerfile",
            tag=tag,
            pull=True,
            rm=True,
            buildargs={"BASE": image, "MAJOR": str(major(image)) if kind != "probe" else ""},
            labels={RECIPE_LABEL: recipe_of(kind, image), "data-tier.source": image},
        )
    except BuildError as error:
        raise ImageError(f"{tag} FROM {image}: {error.msg}\n" + "\n".join(_tail(error))) from None
    except DockerException as error:
        raise ImageError(f"{tag} FROM {image}: {error}") from None


def recipe_of(kind: str, image: str) -> str:
    """What the image is made of, as its label says it."""
    text = (HERE / "registry" / f"{kind}.Dockerfile").read_bytes()
    return f"{image}+{hashlib.sha256(text).hexdigest()[:16]}"


def _tail(error: BuildError) -> Iterator[str]:
    lines = [str(item.get("stream", "")).rstrip() for item in error.build_log if isinstance(item, dict)]
    return (f"  {line}" for line in [line for line in lines if line][-10:])
