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
    "recipe", [recipes.postgres(), recipes.postgres("bookworm"), recipes.redis(), recipes.probe(), recipes.pooler()]
)
def test_no_image_carries_an_upstream_name(recipe: recipes.Recipe):
    assert recipe.tag.startswith("data-tier/")
