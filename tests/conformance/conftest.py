"""Plays every recorded program once, side by side, for all the tests of a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

from tests.conformance import facts, image
from tests.conformance.host import Host
from tests.conformance.normal import Json
from tests.conformance.play import Play
from tests.conformance.scripts import SCRIPTS, Script


def _require_docker() -> None:
    """A daemon that answers, and the image that the recorded programs run."""
    try:
        client = docker.from_env()
        client.ping()
        client.images.get(image.SOURCE)
    except ImageNotFound:
        pytest.fail(f"there is no image {image.SOURCE} on this Docker host: `make images` builds it", pytrace=False)
    except DockerException as error:
        pytest.fail(f"no Docker daemon answers ({type(error).__name__}): `make ready` starts one", pytrace=False)
    image.ensure(client)
    client.close()


def _play(script: Script, root: Path) -> Json:
    host = Host(script)
    try:
        found = Play(script, root, host).run(json.loads(script.file.read_text()))
    finally:
        left = host.clean()
    return {**found, "left": left}


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Json]]]:
    """The facts of each program's run by step, and what was `left` on the host at its end, as a future."""
    _require_docker()
    root = tmp_path_factory.mktemp("conformance")
    with ThreadPoolExecutor(len(SCRIPTS)) as pool:
        yield {name: pool.submit(_play, script, root) for name, script in SCRIPTS.items()}


@pytest.fixture(scope="session")
def recorded() -> dict[str, Json]:
    """The facts of each recording by step."""
    return {name: facts.load(script.file) for name, script in SCRIPTS.items()}
