"""Where images come from and when they are built."""

import dataclasses

import pytest

from images import build, debian, recipes, registry
from images.errors import ImageError

POSTGRES, REDIS = "pgvector/pgvector:pg16", "redis:7-alpine"


@pytest.fixture
def silent_registry(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A registry that doesn't answer; what was asked of it."""
    asked: list[str] = []
    monkeypatch.setattr(registry, "answers", lambda image: bool(asked.append(image)))
    return asked


def test_debian_serves_where_no_registry_answers(silent_registry: list[str]) -> None:
    assert build.decide(POSTGRES, REDIS) == build.Decision("debian", 17, 8)
    assert silent_registry == [POSTGRES]


def test_the_majors_of_the_named_images_count_where_a_registry_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "answers", lambda image: True)
    assert build.decide(POSTGRES, REDIS) == build.Decision("registry", 16, 7)


def test_a_decision_that_is_written_down_asks_nobody(silent_registry: list[str]) -> None:
    assert build.decide(POSTGRES, REDIS, "debian").source == "debian"
    assert build.decide(POSTGRES, REDIS, "registry").source == "registry"
    assert silent_registry == []


def test_bookworm_gives_the_older_majors(silent_registry: list[str]) -> None:
    assert build.decide(POSTGRES, REDIS, "debian", "bookworm") == build.Decision("debian", 15, 7)


@pytest.mark.parametrize(("source", "suite", "said"), [
    ("docker", "trixie", "source 'docker'"),
    ("debian", "sid", "suite 'sid'"),
])  # fmt: skip
def test_what_is_not_known_is_refused_with_the_choices(source: str, suite: str, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        build.decide(POSTGRES, REDIS, source, suite)


@pytest.mark.parametrize(("image", "major"), [
    ("pgvector/pgvector:pg16", 16),
    ("postgres:17.2-bookworm", 17),
    ("registry.test:5000/team/postgres:v15", 15),
    ("redis:7-alpine", 7),
])  # fmt: skip
def test_the_major_is_read_from_the_tag(image: str, major: int) -> None:
    assert registry.major(image) == major


def test_a_tag_without_a_major_is_refused() -> None:
    with pytest.raises(ImageError, match="postgres:latest: the tag names no major"):
        registry.major("postgres:latest")


def test_a_recipe_changes_with_everything_that_goes_into_the_image() -> None:
    recipe = recipes.postgres()
    assert recipe.digest == recipes.postgres().digest
    assert recipe.digest != recipes.postgres("bookworm").digest
    assert recipe.digest != dataclasses.replace(recipe, packages=["postgresql-17"]).digest
    assert recipe.digest != dataclasses.replace(recipe, files={"probe/probe": "/usr/local/bin/probe"}).digest
    assert recipe.digest != dataclasses.replace(recipe, changes=[*recipe.changes, "USER postgres"]).digest


def test_only_trixie_has_vectors() -> None:
    assert "postgresql-17-pgvector" in recipes.postgres().packages
    assert not any("pgvector" in package for package in recipes.postgres("bookworm").packages)


def test_a_failed_step_is_shown_with_its_last_lines() -> None:
    with pytest.raises(ImageError, match=r"(?s)the step failed with exit code 3:.*no such package"):
        debian._run(["sh", "-c", "echo no such package; exit 3"], "the step")
