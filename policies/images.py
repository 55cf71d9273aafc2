"""Where resources name an image, and what its name says. Owns reading references; judging them belongs to rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from policies.containers import CONTAINER, CONTAINERS, Workload
from policies.rule import Subject

REMOTE_IMAGE: Final = "docker:index/remoteImage:RemoteImage"
REGISTRY_IMAGE: Final = "docker:index/registryImage:RegistryImage"
IMAGE: Final = "docker:index/image:Image"
NAMING: Final = CONTAINERS | {REMOTE_IMAGE, REGISTRY_IMAGE, IMAGE}
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Reference:
    """An image's name as it is written: `repository[:tag][@digest]`, or an id."""

    where: str
    repository: str
    tag: str
    digest: str
    is_id: bool = False


def references(subject: Subject) -> Iterator[Reference]:
    """The image that a resource names; nothing where it isn't known yet or missing."""
    where, image = _named(subject)
    if isinstance(image, str) and image.strip():
        yield read(where, image.strip())


def read(where: str, image: str) -> Reference:
    """A reference in its parts. An id, with or without `sha256:`, has no repository."""
    bare = re.fullmatch(r"(?:sha256:)?([0-9a-f]{12,64})", image)
    if bare or (image.startswith("sha256:") and "/" not in image):
        return Reference(where, "", "", image, is_id=True)
    name, _, digest = image.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    return Reference(where, head, tag, digest if _DIGEST.fullmatch(digest) else "")


def _named(subject: Subject) -> tuple[str, Any]:
    if subject.type in CONTAINERS:
        where = "image" if subject.type == CONTAINER else "taskSpec.containerSpec.image"
        return where, Workload(subject).image()
    key = "imageName" if subject.type == IMAGE else "name"
    return key, subject.get(key)
