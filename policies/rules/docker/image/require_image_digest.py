"""Asks for a digest: a tag can be moved to another image by whoever may push. For production."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.images import NAMING, references
from policies.rule import Level, ResourceRule, Settings, Severity, Subject, names


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    for image in references(subject):
        if image.is_id or image.digest or image.repository.startswith(tuple(settings["imported"])):
            continue
        if subject.type in CONTAINERS and settings["importedLabel"] in Workload(subject).labels():
            continue
        yield f"{image.where}: {image.repository} has no digest"


RULE = ResourceRule(
    name="require-image-digest",
    description="Images of production are named by digest.",
    why="A tag says what somebody wanted, a digest what runs. Images that this project builds and imports come from no "
    "registry and have none: they are exempt by their label, and by name where a resource can't show labels.",
    remedy="Write image@sha256:..., as `docker buildx imagetools inspect IMAGE` shows it",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=NAMING,
    check=_check,
    settings={
        "imported": names("How the names of imported images begin.", ["data-tier/"]),
        "importedLabel": {
            "type": "string",
            "default": "data-tier.recipe",
            "description": "The label of imported images; a container inherits it.",
        },
    },
)
