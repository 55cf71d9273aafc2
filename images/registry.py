"""Where a registry answers: extends the images that the stack file names, by the Docker daemon's own build.

The server image is always ours, so that it has pgaudit and pgBackRest whatever it came from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from docker.errors import APIError, BuildError, DockerException

from images import daemon
from images.errors import ImageError
from images.recipes import HERE, RECIPE_LABEL

ANSWER_SECONDS: Final = 5
_BUILD_SECONDS: Final = 600
MAJOR: Final = re.compile(r":(?:pg|v)?(\d+)")
# what a Dockerfile takes from this folder
_COPIED: Final = {
    "probe": ["probe/probe"],
    "pgbouncer": ["pgbouncer/docker-entrypoint.sh", "pgbouncer/answers", "pgbouncer/pools.ini"],
    "haproxy": [],
    "mongo": ["mongo/answers"],
    "monitoring": [],
}


def answers(image: str, seconds: int = ANSWER_SECONDS) -> bool:
    """Whether the registry of `image` tells the daemon about it within `seconds`.

    Raises ImageError where no daemon answers, and where the registry does but has no such image or refuses it: a
    misspelt name must not turn into another server.
    """
    client = daemon.connect(seconds)
    try:
        client.api.inspect_distribution(image)  # type: ignore[no-untyped-call]  # the SDK's stubs leave it out
    except APIError as error:
        if not error.is_client_error():
            return False
        raise ImageError(
            f"the registry of {image} answers, but doesn't give it (status {error.status_code}): mend the name, "
            "log in with `docker login`, or choose images from Debian packages (`source: debian`)"
        ) from None
    except (DockerException, OSError):
        return False
    return True


def major(image: str) -> int:
    """The major version in an image's tag: 16 of pgvector/pgvector:pg16. Raises ImageError where there is none."""
    found = MAJOR.search(image.rsplit("/", 1)[-1])
    if not found:
        raise ImageError(f"{image}: the tag names no major version; write one, like postgres:17")
    return int(found[1])


def build(kind: str, image: str, tag: str) -> None:
    """Build `tag` FROM `image`. Raises ImageError with the build's last lines."""
    client = daemon.connect(_BUILD_SECONDS)
    try:
        client.images.build(
            path=str(HERE),
            dockerfile=f"registry/{kind}.Dockerfile",
            tag=tag,
            pull=True,
            rm=True,
            buildargs={"BASE": image, "MAJOR": "" if kind in _COPIED else str(major(image))},
            labels={RECIPE_LABEL: recipe_of(kind, image), "data-tier.source": image},
        )
    except BuildError as error:
        raise ImageError(f"{tag} FROM {image}: {error.msg}\n" + "\n".join(_tail(error))) from None
    except (DockerException, OSError) as error:
        raise ImageError(f"{tag} FROM {image}: {error}") from None


def recipe_of(kind: str, image: str) -> str:
    """What the image is made of, as its label says it: changes with the base's name and with every file copied in."""
    hasher = hashlib.sha256()
    for file in (f"registry/{kind}.Dockerfile", *_COPIED.get(kind, ())):
        hasher.update((HERE / file).read_bytes())
    return f"{image}+{hasher.hexdigest()[:16]}"


def _tail(error: BuildError) -> Iterator[str]:
    lines = [str(item.get("stream", "")).rstrip() for item in error.build_log if isinstance(item, dict)]
    return (f"  {line}" for line in [line for line in lines if line][-10:])
