"""Where images come from: the registry when it answers, else Debian, and never another server by a slip."""

from __future__ import annotations

import json
import time

import pytest

from images import build, registry
from images.errors import ImageError
from tests.images.conftest import FakeDaemon

POSTGRES, REDIS = "pgvector/pgvector:pg16", "redis:7-alpine"
DISTRIBUTION = f"/distribution/{POSTGRES}/json"


def test_a_registry_that_answers_is_used_with_the_majors_that_the_images_name(fake_daemon: FakeDaemon):
    fake_daemon.answers[DISTRIBUTION] = (200, {"Descriptor": {}, "Platforms": []})
    decision = build.decide(POSTGRES, REDIS)
    assert (decision.source, decision.postgres, decision.redis) == ("registry", 16, 7)


def test_a_registry_that_cannot_be_found_gives_debian_with_the_majors_of_the_suite(fake_daemon: FakeDaemon):
    fake_daemon.answers[DISTRIBUTION] = (500, {"message": "dial tcp: no such host"})
    decision = build.decide(POSTGRES, REDIS)
    assert (decision.source, decision.postgres, decision.redis) == ("debian", 17, 8)


def test_a_registry_that_hangs_is_given_up_after_the_seconds_allowed(fake_daemon: FakeDaemon):
    fake_daemon.answers[DISTRIBUTION] = (0, {})
    began = time.monotonic()
    assert registry.answers(POSTGRES, seconds=1) is False
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_image_that_the_registry_does_not_give_is_an_error_and_not_another_server(
    fake_daemon: FakeDaemon, status: int
):
    fake_daemon.answers[DISTRIBUTION] = (status, {"message": "manifest unknown"})
    with pytest.raises(ImageError, match=rf"{POSTGRES} answers, but doesn't give it \(status {status}\)"):
        build.decide(POSTGRES, REDIS)


def test_without_a_daemon_nothing_is_decided(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(ImageError, match="no Docker daemon answers"):
        build.decide(POSTGRES, REDIS)


def test_images_that_are_there_with_the_recipe_of_today_are_not_built(
    fake_daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
):
    own = (build.recipes.probe(), build.recipes.pooler())
    for recipe in (build.recipes.postgres(), build.recipes.redis(), *own):
        labels = {build.recipes.RECIPE_LABEL: recipe.digest}
        fake_daemon.answers[f"/images/{recipe.tag}/json"] = (200, {"Id": "x", "Config": {"Labels": labels}})
    decision = build.ensure(POSTGRES, REDIS, "debian")
    assert decision.built == []
    assert json.loads(build.as_json(decision)) == {
        "source": "debian",
        "postgres": 17,
        "redis": 8,
        "seconds": {},
        "built": [],
    }
    assert "PostgreSQL 17 and Redis 8 from Debian packages serve in place of" in capsys.readouterr().out


def test_an_image_with_the_recipe_of_yesterday_is_built_again(fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    monkeypatch.setattr(build.debian, "ensure_tools", lambda say: None)
    monkeypatch.setattr(build.debian, "build", lambda recipe: made.append(recipe.tag))
    for recipe in (build.recipes.postgres(), build.recipes.redis()):
        labels = {build.recipes.RECIPE_LABEL: recipe.digest if "redis" in recipe.tag else "of yesterday"}
        fake_daemon.answers[f"/images/{recipe.tag}/json"] = (200, {"Id": "x", "Config": {"Labels": labels}})
    decision = build.ensure(POSTGRES, REDIS, "debian")
    own = ("pgbouncer:1", "postgres:17", "probe:1")
    assert sorted(made) == [f"data-tier/{one}" for one in own]
    assert sorted(decision.built) == sorted(made)


def _built(monkeypatch: pytest.MonkeyPatch, source: str, mongo: str | None) -> list[str]:
    """The tags that are built on a host without any image, each with what it is made from."""
    made: list[str] = []
    monkeypatch.setattr(build.debian, "ensure_tools", lambda say: None)
    monkeypatch.setattr(build.debian, "build", lambda recipe: made.append(recipe.tag))
    monkeypatch.setattr(build.registry, "build", lambda kind, base, tag: made.append(f"{tag} FROM {base}"))
    build.ensure(POSTGRES, REDIS, source, mongo=mongo)
    return [tag for tag in sorted(made) if "mongo" in tag]


def test_mongodb_is_built_only_where_the_stack_file_names_it(fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch):
    assert [_built(monkeypatch, source, None) for source in ("registry", "debian")] == [[], []]


def test_mongodb_comes_from_its_own_image_where_a_registry_answers(
    fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    assert _built(monkeypatch, "registry", "mongo:7.0") == ["data-tier/mongo:7 FROM mongo:7.0"]


def test_what_stands_in_for_mongodb_is_called_that(
    fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert _built(monkeypatch, "debian", "mongo:7") == ["data-tier/mongo:7"]
    assert "a stand-in for trying serves in place of mongo:7" in capsys.readouterr().out


def test_mongodb_without_a_major_in_its_name_is_an_error(fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ImageError, match="mongo: the tag names no major version"):
        _built(monkeypatch, "debian", "mongo")


@pytest.mark.parametrize("part", build.PARTS)
@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("debian", {"backup": "backup:17", "haproxy": "haproxy:1", "monitoring": "monitoring:1"}),
        (
            "registry",
            {
                "backup": f"backup:16 FROM {POSTGRES}",
                "haproxy": "haproxy:1 FROM debian:trixie-slim",
                "monitoring": "monitoring:1 FROM debian:trixie-slim",
            },
        ),
    ],
)
def test_what_only_some_stacks_have_is_built_only_where_it_is_asked_for(
    fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, source: str, names: dict[str, str], part: str
):
    made: list[str] = []
    monkeypatch.setattr(build.debian, "ensure_tools", lambda say: None)
    monkeypatch.setattr(build.debian, "build", lambda recipe: made.append(recipe.tag))
    monkeypatch.setattr(build.registry, "build", lambda kind, base, tag: made.append(f"{tag} FROM {base}"))
    build.ensure(POSTGRES, REDIS, source)
    of_every_stack = set(made)
    made.clear()
    build.ensure(POSTGRES, REDIS, source, parts=[part])
    assert set(made) - of_every_stack == {f"data-tier/{names[part]}"}
