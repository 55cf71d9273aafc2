"""Refuses images by `latest`, by another moving tag, or by no tag: nobody knows what runs, nor what ran before."""

from __future__ import annotations

from collections.abc import Iterator

from policies.images import NAMING, references
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    moving = {tag.lower() for tag in settings["moving"]}
    for image in references(subject):
        if image.is_id or image.digest:
            continue
        if not image.tag:
            yield f"{image.where}: {image.repository} has no tag, which means latest"
        elif image.tag.lower() in moving:
            yield f"{image.where}: {image.repository} by the moving tag {image.tag}"


RULE = ResourceRule(
    name="require-image-tag",
    description="Images are named by a version.",
    why="`latest` is another major of a database one day, which can't read the data of the one before. An image by id "
    "or digest needs no tag.",
    remedy="Name the version, such as postgres:17 or, better, postgres:17@sha256:...",
    severity=Severity.HIGH,
    types=NAMING,
    check=_check,
    settings={
        "moving": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["latest", "edge", "nightly", "main", "master", "stable", "rolling"],
            "description": "Tags that name no version.",
        }
    },
)
