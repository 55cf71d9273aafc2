"""What `make up`, `preview` and `down` read of a stack file, and the screen at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from operate import lifecycle, pulumi, screen
from operate.errors import OperateError
from tests.operate.outputs import outputs

GOOD = """
config:
  data-tier:prefix: shop
  data-tier:postgres: {image: "postgres:17"}
  data-tier:redis: {image: "redis:7"}
"""


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pulumi, "REPOSITORY", tmp_path)
    return tmp_path / "Pulumi.dev.yaml"


def test_the_servers_images_are_read_from_the_stack_file(stack_file: Path) -> None:
    stack_file.write_text(GOOD)
    assert lifecycle._settings("dev")["postgres"] == {"image": "postgres:17"}


def test_a_stack_without_redis_takes_the_image_that_the_program_would(stack_file: Path) -> None:
    stack_file.write_text(GOOD)
    assert lifecycle._images(lifecycle._settings("dev")) == ("postgres:17", "redis:7")
    stack_file.write_text("\n".join(line for line in GOOD.splitlines() if "redis" not in line))
    assert lifecycle._images(lifecycle._settings("dev")) == ("postgres:17", "redis:8")


@pytest.mark.parametrize(("text", "said"), [
    (None, "Pulumi.dev.yaml is missing"),
    ("config: [", "Pulumi.dev.yaml: line 1"),
    ("other: 1", "no `config:` section"),
    ("config:\n  data-tier:postgres: {}\n", "data-tier:postgres.image is missing"),
])  # fmt: skip
def test_a_stack_file_that_names_no_images_is_one_clear_message(stack_file: Path, text: str | None, said: str) -> None:
    if text is not None:
        stack_file.write_text(text)
    with pytest.raises(OperateError, match=said):
        lifecycle._settings("dev")


@pytest.mark.parametrize(("value", "stopped"), [(False, True), ("false", True), (True, False), ("true", False)])
def test_a_stopped_stack_is_known_however_it_was_written(value: Any, stopped: bool) -> None:
    assert lifecycle._is_stopped({"running": value}) is stopped
    assert lifecycle._is_stopped({}) is False


@pytest.mark.parametrize(("images", "suite"), [
    (None, "trixie"),
    ({"source": "debian", "postgres": 17}, "trixie"),
    ({"source": "debian", "postgres": 15}, "bookworm"),
    ({"source": "registry", "postgres": 16}, "trixie"),
])  # fmt: skip
def test_the_recorded_major_decides_the_debian_release(images: dict[str, Any] | None, suite: str) -> None:
    assert lifecycle._suite({"images": images} if images else {}) == suite


def test_a_major_that_no_release_has_is_refused_with_the_choices() -> None:
    with pytest.raises(
        OperateError, match=r"images\.postgres = 16: Debian packages give 17 \(trixie\), 15 \(bookworm\)"
    ):
        lifecycle._suite({"images": {"source": "debian", "postgres": 16}})


def test_the_screen_says_what_came_up_and_what_to_do_next() -> None:
    told = outputs(stand_ins=["shop"])
    told["databases"]["shop"].update(roles=["shop_db_owner", "shop_db"], extensions=["vector"])
    text = _shown("dev", told)
    for part in ("t-wiki-postgres", "10.0.1.2:5432", "shop_db{_owner,}", "t-wiki-data", "vector", "make down"):
        assert part in text
    assert "./operatew psql shop" in text
    assert "./operatew redis shop" in text


@pytest.mark.parametrize(
    ("stack", "said"), [("dev", ("make down ", "status ")), ("prod", ("make down STACK=prod", "status --stack prod"))]
)
def test_the_next_steps_are_those_of_the_stack(stack: str, said: tuple[str, ...]) -> None:
    text = _shown(stack, outputs())
    assert all(part in text for part in said)


def test_the_screen_suggests_no_shell_on_what_is_not_there() -> None:
    text = _shown("prod", outputs(redis_users={}))
    assert "./operatew psql shop --stack prod" in text
    assert "operate redis" not in text
    assert "operate psql" not in _shown("dev", outputs(redis_users={}, databases={}))


def _shown(stack: str, told: dict[str, Any]) -> str:
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115  closed with the process
    screen.show(stack, told, console)
    return console.export_text()
