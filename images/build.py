"""Which images a stack needs and where they come from: decided once, built once.

Owns the decision between a registry and Debian packages, and what is already there. How an image is made is not known
here, nor what the caller does with the decision.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from docker.errors import ImageNotFound

from images import daemon, debian, recipes, registry
from images.errors import ImageError
from images.progress import run_all, say

DEBIAN_BASE: Final = "debian:trixie-slim"
SOURCES: Final = ("auto", "registry", "debian")
PARTS: Final = ("backup", "haproxy", "monitoring")  # only some stacks have them
_OWN_TAGS: Final = {
    "probe": recipes.PROBE_TAG,
    "pgbouncer": recipes.POOLER_TAG,
    "haproxy": recipes.FOLLOWER_TAG,
    "monitoring": recipes.MONITORING_TAG,
}
_AT_ONCE: Final = 2  # an image is mostly unpacking, which keeps one core busy


@dataclass(frozen=True)
class Decision:
    """Where images come from (`registry` or `debian`), the majors that this gives, and what was built in how long."""

    source: str
    postgres: int
    redis: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def built(self) -> list[str]:
        """The tags of the images that were missing or out of date."""
        return list(self.seconds)


def decide(postgres: str, redis: str, source: str = "auto", suite: str = "trixie") -> Decision:
    """Where the images come from: a registry when it answers for `postgres`, else Debian. Raises ImageError."""
    if source not in SOURCES:
        raise ImageError(f"source '{source}': write one of {', '.join(SOURCES)}")
    if source == "registry" or (source == "auto" and registry.answers(postgres)):
        return Decision("registry", registry.major(postgres), registry.major(redis))
    if suite not in recipes.POSTGRES_OF_SUITE:
        raise ImageError(f"suite '{suite}': write one of {', '.join(recipes.POSTGRES_OF_SUITE)}")
    return Decision("debian", recipes.POSTGRES_OF_SUITE[suite], recipes.REDIS_OF_SUITE[suite])


def ensure(
    postgres: str,
    redis: str,
    source: str = "auto",
    suite: str = "trixie",
    mongo: str | None = None,
    *,
    parts: Collection[str] = (),
) -> Decision:
    """Decide, say so, and build what is missing; MongoDB only where `mongo` names an image, and of `PARTS` those that
    are among `parts`.

    Raises ImageError; concurrent calls wait for each other.
    """
    decision = decide(postgres, redis, source, suite)
    say(_reason(decision, postgres, redis, source))
    if mongo and decision.source == "debian":
        say(f"images: Debian has no MongoDB, so a stand-in for trying serves in place of {mongo} (docs/security.md)")
    with _only_one():
        if decision.source == "registry":
            missing = _from_registry(postgres, redis, mongo, parts)
        else:
            missing = _from_debian(suite, mongo, parts)
        seconds = run_all(missing, _AT_ONCE)
    return replace(decision, seconds=seconds)


def as_json(decision: Decision) -> str:
    """The decision for programs."""
    return json.dumps({**asdict(decision), "built": decision.built})


def _reason(decision: Decision, postgres: str, redis: str, source: str) -> str:
    if decision.source == "registry":
        return f"images: extending {postgres} and {redis} from their registry"
    why = "as the stack file says" if source == "debian" else "no image registry answers"
    return (
        f"images: {why}, so PostgreSQL {decision.postgres} and Redis {decision.redis} from Debian packages "
        f"serve in place of {postgres} and {redis}"
    )


def _from_registry(
    postgres: str, redis: str, mongo: str | None, parts: Collection[str]
) -> Mapping[str, Callable[[], None]]:
    """What is missing, by tag, and how to make it."""
    missing = {}
    bases = {"postgres": postgres, "backup": postgres, "redis": redis, **dict.fromkeys(_OWN_TAGS, DEBIAN_BASE)}
    for kind, base in {**bases, **({"mongo": mongo} if mongo else {})}.items():
        if kind in PARTS and kind not in parts:
            continue
        tag = _OWN_TAGS.get(kind) or f"data-tier/{kind}:{registry.major(base)}"
        if not _is_there(tag, registry.recipe_of(kind, base)):
            missing[tag] = partial(registry.build, kind, base, tag)
    return missing


def _from_debian(suite: str, mongo: str | None, parts: Collection[str]) -> Mapping[str, Callable[[], None]]:
    """What is missing, by tag, and how to make it; the tools for it are installed on the way."""
    of_parts = {"backup": recipes.backup(suite), "haproxy": recipes.follower(), "monitoring": recipes.monitoring()}
    wanted = [
        recipes.postgres(suite),
        recipes.redis(suite),
        recipes.probe(),
        recipes.pooler(),
        *([recipes.mongo(registry.major(mongo))] if mongo else []),
        *(recipe for part, recipe in of_parts.items() if part in parts),
    ]
    missing = [recipe for recipe in wanted if not _is_there(recipe.tag, recipe.digest)]
    if missing:
        debian.ensure_tools(say)
    return {recipe.tag: partial(debian.build, recipe) for recipe in missing}


def _is_there(tag: str, digest: str) -> bool:
    try:
        image = daemon.connect().images.get(tag)
    except ImageNotFound:
        return False
    return image.labels.get(recipes.RECIPE_LABEL) == digest


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of this user's image builds on this machine."""
    # a name per user: in a sticky folder the kernel refuses even root to open another user's file for writing
    path = Path(tempfile.gettempdir()) / f"data-tier-images-{os.getuid()}.lock"
    try:
        file = path.open("w")
    except OSError as error:
        raise ImageError(f"{path} can't be written ({type(error).__name__}): remove it, or set TMPDIR") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("images: waiting for another run that builds them")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
