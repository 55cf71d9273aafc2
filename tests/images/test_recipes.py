"""What images are made of, and that a change of it is seen."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from images import recipes, registry


def test_a_recipe_without_a_change_keeps_its_digest():
    assert recipes.postgres().digest == recipes.postgres().digest


@pytest.mark.parametrize(
    "change",
    [{"packages": ["nothing"]}, {"suite": "bookworm"}, {"users": {}}, {"folders": {}}, {"changes": []}, {"files": {}}],
)
def test_every_part_of_a_recipe_counts_for_its_digest(change: dict[str, object]):
    recipe = recipes.postgres()
    assert dataclasses.replace(recipe, **change).digest != recipe.digest  # type: ignore[arg-type]


@pytest.fixture
def changed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that go into images, used instead of them."""
    copy = tmp_path / "images"
    shutil.copytree(recipes.HERE, copy)
    monkeypatch.setattr(recipes, "HERE", copy)
    monkeypatch.setattr(registry, "HERE", copy)
    return copy


def test_a_changed_file_changes_the_digest_of_the_images_that_have_it_and_of_no_other(changed_files: Path):
    before = recipes.probe().digest, recipes.redis().digest
    with (changed_files / "probe/probe").open("a") as file:
        file.write("# changed\n")
    assert recipes.probe().digest != before[0]
    assert recipes.redis().digest == before[1]


def test_a_changed_probe_is_built_again_from_a_registry_too(changed_files: Path):
    before = registry.recipe_of("probe", "debian:trixie-slim")
    with (changed_files / "probe/probe").open("a") as file:
        file.write("# changed\n")
    assert registry.recipe_of("probe", "debian:trixie-slim") != before


def test_what_a_dockerfile_copies_counts_for_its_recipe():
    for dockerfile in (recipes.HERE / "registry").glob("*.Dockerfile"):
        copied = [line.split()[1] for line in dockerfile.read_text().splitlines() if line.startswith("COPY")]
        assert copied == registry._COPIED.get(dockerfile.stem, []), dockerfile.name


def test_another_base_is_another_recipe():
    assert registry.recipe_of("postgres", "postgres:16") != registry.recipe_of("postgres", "pgvector/pgvector:pg16")


@pytest.mark.parametrize(
    "recipe",
    [
        recipes.postgres(),
        recipes.postgres("bookworm"),
        recipes.redis(),
        recipes.probe(),
        recipes.pooler(),
        recipes.follower(),
    ],
)
def test_no_image_carries_an_upstream_name(recipe: recipes.Recipe):
    assert recipe.tag.startswith("data-tier/")


def test_what_stands_in_for_mongodb_says_so_on_its_image_and_nowhere_else():
    label = "LABEL data-tier.stand-in=SecantusDB"
    assert label in recipes.mongo(7).changes
    assert recipes.mongo(7).tag == "data-tier/mongo:7"
    assert not [
        one
        for recipe in (recipes.postgres(), recipes.redis(), recipes.probe())
        for one in recipe.changes
        if "stand-in" in one
    ]


def test_other_packages_change_the_digest_of_the_image_that_has_them(changed_files: Path):
    before = recipes.mongo(7).digest
    with (changed_files / "mongo/requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert recipes.mongo(7).digest != before


def test_every_package_of_a_stand_in_is_pinned_by_version_and_hash():
    lines = (recipes.HERE / recipes.mongo(7).wheels).read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert packages
    assert all("==" in line and line.endswith("\\") for line in packages)


def test_the_stand_in_is_no_dependency_of_the_program():
    root = recipes.HERE.parent
    assert "secantus" not in (root / "pyproject.toml").read_text().lower()
    assert "secantus" not in (root / "requirements.lock").read_text().lower()


def test_the_official_image_gets_the_question_for_its_health_too(changed_files: Path):
    before = registry.recipe_of("mongo", "mongo:7")
    assert "COPY mongo/answers" in (recipes.HERE / "registry/mongo.Dockerfile").read_text()
    with (changed_files / "mongo/answers").open("a") as file:
        file.write("# changed\n")
    assert registry.recipe_of("mongo", "mongo:7") != before
