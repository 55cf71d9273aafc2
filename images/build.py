"""Which images a stack needs and where they come from: decided once, built once.

Owns the decision between a registry and Debian packages, what is already there, and the progress on the screen.
"""

from __future__ import annotations

import fcntl
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import docker
from docker.errors import DockerException, ImageNotFound

from images import debian, recipes, registry
from images.errors import ImageError

PROBE_BASE: Final = "debian:trixie-slim"
SOURCES: Final = ("auto", "registry", "debian")
_LIVE_SECONDS: Final = 1.0
_PLAIN_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Decision:
    """Where images come from (`registry` or `debian`), the majors that this gives, and what was built in how long."""

    source: str
    postgres: int
    redis: int
    seconds: dict[str, float] = field(default_factory=dict)


def decide(postgres: str, redis: str, source: str = "auto", suite: str = "trixie") -> Decision:
    """Where the images come from: a registry when it answers for `postgres`, else Debian. Raises ImageError."""
    if source not in SOURCES:
        raise ImageError(f"source '{source}': write one of {', '.join(SOURCES)}")
    if source == "registry" or (source == "auto" and registry.answers(postgres)):
        return Decision("registry", registry.major(postgres), registry.major(redis))
    if suite not in recipes.POSTGRES_OF_SUITE:
        raise ImageError(f"suite '{suite}': write one of {', '.join(recipes.POSTGRES_OF_SUITE)}")
    return Decision("debian", recipes.POSTGRES_OF_SUITE[suite], recipes.REDIS_OF_SUITE[suite])


def ensure(postgres: str, redis: str, source: str = "auto", suite: str = "trixie") -> Decision:
    """Decide, say so, and build what is missing. Raises ImageError; concurrent calls wait for each other."""
    decision = decide(postgres, redis, source, suite)
    _say(_reason(decision, postgres, redis, source))
    with _only_one():
        seconds = dict(_from_registry(postgres, redis) if decision.source == "registry" else _from_debian(suite))
    return Decision(decision.source, decision.postgres, decision.redis, seconds)


def _reason(decision: Decision, postgres: str, redis: str, source: str) -> str:
    if decision.source == "registry":
        return f"images: extending {postgres} and {redis} from their registry"
    why = "as the stack file says" if source == "debian" else "no image registry answers"
    return (
        f"images: {why}, so PostgreSQL {decision.postgres} and Redis {decision.redis} from Debian packages "
        f"serve in place of {postgres} and {redis}"
    )


def _from_registry(postgres: str, redis: str) -> Iterator[tuple[str, float]]:
    for kind, base in (("postgres", postgres), ("redis", redis), ("probe", PROBE_BASE)):
        tag = recipes.PROBE_TAG if kind == "probe" else f"data-tier/{kind}:{registry.major(base)}"
        if not _is_there(tag, registry.recipe_of(kind, base)):
            yield tag, _timed(tag, lambda kind=kind, base=base, tag=tag: registry.build(kind, base, tag))  # type: ignore[misc]


def _from_debian(suite: str) -> Iterator[tuple[str, float]]:
    for recipe in (recipes.postgres(suite), recipes.redis(suite), recipes.probe()):
        if not _is_there(recipe.tag, recipe.digest):
            yield recipe.tag, _timed(recipe.tag, lambda recipe=recipe: debian.build(recipe, _say))  # type: ignore[misc]


def _is_there(tag: str, digest: str) -> bool:
    try:
        image = docker.from_env().images.get(tag)
    except ImageNotFound:
        return False
    except DockerException as error:
        raise ImageError(f"no Docker daemon answers ({type(error).__name__}): start one, or set DOCKER_HOST") from None
    return image.labels.get(recipes.RECIPE_LABEL) == digest


def _timed(tag: str, work: Callable[[], None]) -> float:
    """Run `work` and show that it goes on: a line that counts on a terminal, one every 15 s elsewhere."""
    began, done = time.monotonic(), threading.Event()
    live = sys.stdout.isatty()

    def show() -> None:
        while not done.wait(_LIVE_SECONDS if live else _PLAIN_SECONDS):
            text = f"building {tag} ({time.monotonic() - began:.0f}s)"
            print(f"\r{text}" if live else text, end="" if live else "\n", flush=True)

    ticker = threading.Thread(target=show, daemon=True)
    ticker.start()
    try:
        work()
    finally:
        done.set()
        ticker.join()
        if live:
            print("\r\033[K", end="")
    seconds = time.monotonic() - began
    _say(f"built {tag} ({seconds:.0f}s)")
    return round(seconds, 1)


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of image builds on this machine."""
    with (Path(tempfile.gettempdir()) / "data-tier-images.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(text, flush=True)


def as_json(decision: Decision) -> str:
    """The decision for programs."""
    return json.dumps(asdict(decision))
