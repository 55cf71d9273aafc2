"""up, preview and down of a whole stack, from images to the closing screen.

Owns the order of these steps. What is built is the program's, how it is carried out the engine's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docker
import yaml
from docker.errors import APIError, NotFound

from components.config import text
from components.config.models import Redis
from images import build
from images.recipes import POSTGRES_OF_SUITE
from operate import containers, daemon, parts, pulumi, readiness, screen, status
from operate import stack as stacks
from operate.errors import OperateError
from operate.stack import Stack

PROJECT = pulumi.PROJECT


def up(stack: str) -> None:
    """Images, stack, `pulumi up`, closing screen. Raises OperateError."""
    client = _require_daemon()
    readiness.require_rules(own_keys(stack))
    settings = _settings(stack)
    kind = daemon.kind(client.info(), daemon.gateways(client))
    _require_way_to_servers(settings, kind)
    state = pulumi.deployment(stack)
    readiness.require_room(stack, state or {}, client, here=kind.bridges)
    if state is None:
        pulumi.run("stack", "init", stack)
    ensure_images(stack)
    if _is_stopped(settings):
        pulumi.run("config", "rm", f"{PROJECT}:running", "--stack", stack)
    pulumi.run("up", "--yes", "--suppress-outputs", "--stack", stack)
    outputs = pulumi.outputs(stack)
    _require_well(stacks.parse(stack, outputs), client)
    screen.show(stack, outputs)


def ensure_images(stack: str) -> None:
    """Build what is missing; the first decision on their source is written down. Raises OperateError, ImageError."""
    settings = _settings(stack)
    decision = build.ensure(
        *_images(settings), _source(settings), _suite(settings), _mongo(settings), parts=parts.asked(settings)
    )
    _record(stack, settings, decision)


def _require_well(stack: Stack, client: docker.DockerClient) -> None:
    """Start what was stopped by hand, look whether the data is there: the state knows neither. Raises OperateError."""
    if stack.servers or stack.services:
        containers.start(stack, containers.EVERYTHING, client, _told)
    if problems := status.gather(stack, client).problems:
        raise OperateError("\n".join([f"{stack.name} is up, and not well:", *(f"  - {one}" for one in problems)]))


def _told(line: str) -> None:
    if not line.endswith("was running"):
        print(line)


def preview(stack: str) -> None:
    """`pulumi preview` of the stack, made first where it is new. Raises OperateError."""
    readiness.require_rules(own_keys(stack))
    settings = _settings(stack)
    _ensure_stack(stack)
    if "images" not in settings:
        decision = build.decide(*_images(settings), _source(settings))
        _record(stack, settings, decision)
    pulumi.run("preview", "--diff", "--suppress-outputs", "--stack", stack)


def down(stack: str, *, purge: bool) -> None:
    """Containers and networks go; with `purge` the data, its volumes and passwords too. Raises OperateError."""
    _require_daemon()
    if not pulumi.exists(stack):
        raise OperateError(f"there is no stack {stack}; nothing to take down")
    if purge:
        _purge(stack)
        return
    pulumi.run("config", "set", f"{PROJECT}:running", "false", "--stack", stack)
    pulumi.run("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack)
    of = screen.of_stack(stack)
    print(f"Down. Data and passwords of {stack} are kept: `make up{of}` brings them back, ", end="")
    print(f"`make down{of} PURGE=1` deletes them.")


def _purge(stack: str) -> None:
    """Forget protection, destroy, and remove the volumes that the state retains."""
    volumes = [
        item["id"]
        for item in pulumi.export(stack).get("resources", [])
        if item["type"] == "docker:index/volume:Volume" and item.get("id")
    ]
    pulumi.run("state", "unprotect", "--all", "--yes", "--stack", stack)
    pulumi.run("destroy", "--yes", "--skip-preview", "--stack", stack)
    client = daemon.connect()
    for name in volumes:
        try:
            client.volumes.get(name).remove()
        except NotFound:
            continue
        except APIError as error:
            raise OperateError(f"volume {name} can't be removed: {error.explanation}") from None
    if _is_stopped(_settings(stack)):
        pulumi.run("config", "rm", f"{PROJECT}:running", "--stack", stack)
    print(f"Purged: {stack} has no containers, networks, volumes or passwords any more.")


def own_keys(stack: str) -> dict[str, Any]:
    """The stack file's own keys, unchecked: the program checks them. Raises OperateError for YAML that isn't."""
    path = pulumi.REPOSITORY / f"Pulumi.{stack}.yaml"
    try:
        found = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise OperateError(f"{path.name} is missing: write it like Pulumi.dev.yaml, or name another STACK") from None
    except yaml.YAMLError as error:
        raise OperateError(f"{path.name}: {_one_line(error)}") from None
    config = found.get("config") if isinstance(found, dict) else None
    if not isinstance(config, dict):
        raise OperateError(f"{path.name}: no `config:` section; write it like Pulumi.dev.yaml's")
    return text.own_keys(config)


def _settings(stack: str) -> dict[str, Any]:
    """The own keys, with what images are built from. Raises OperateError where that is missing."""
    own = own_keys(stack)
    if not _image(own, "postgres"):
        raise OperateError(f"Pulumi.{stack}.yaml: {PROJECT}:postgres.image is missing; name the server's image there")
    return own


def _images(settings: dict[str, Any]) -> tuple[str, str]:
    """The images of PostgreSQL and Redis; a stack without Redis says nothing of it."""
    return str(_image(settings, "postgres")), _image(settings, "redis") or Redis.model_fields["image"].default


def _mongo(settings: dict[str, Any]) -> str | None:
    """The image that is named for MongoDB, where one is."""
    return _image(settings, "mongo")


def _image(settings: dict[str, Any], kind: str) -> str | None:
    section = settings.get(kind)
    return section.get("image") if isinstance(section, dict) and isinstance(section.get("image"), str) else None


def _is_stopped(settings: dict[str, Any]) -> bool:
    return str(settings.get("running", True)).lower() == "false"  # `config set` writes text, a person a boolean


def _one_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{getattr(error, 'problem', None) or 'not YAML'}; mend it and run again"


def _source(settings: dict[str, Any]) -> str:
    images = settings.get("images")
    return str(images.get("source", "auto")) if isinstance(images, dict) else "auto"


def _suite(settings: dict[str, Any]) -> str:
    """The Debian release that has the recorded PostgreSQL. Raises OperateError where none has it."""
    images = settings.get("images")
    major = images.get("postgres") if isinstance(images, dict) and images.get("source") == "debian" else None
    suites = {str(number): suite for suite, number in POSTGRES_OF_SUITE.items()}
    if major is None:
        return "trixie"
    if str(major) not in suites:
        known = ", ".join(f"{number} ({suite})" for number, suite in suites.items())
        raise OperateError(f"{PROJECT}:images.postgres = {major}: Debian packages give {known}; write one of them")
    return suites[str(major)]


def _record(stack: str, settings: dict[str, Any], decision: build.Decision) -> None:
    """Write the decision on images into the stack file, once: a later run must not change the major by itself."""
    if "images" in settings:
        return
    for key, value in (("source", decision.source), ("postgres", decision.postgres), ("redis", decision.redis)):
        pulumi.run("config", "set", "--path", f"{PROJECT}:images.{key}", str(value), "--stack", stack)


def _ensure_stack(stack: str) -> None:
    if not pulumi.exists(stack):
        pulumi.run("stack", "init", stack)


def _require_way_to_servers(settings: dict[str, Any], kind: daemon.Kind) -> None:
    """Servers are managed from here: by their addresses, or by loopback ports. Raises OperateError."""
    if kind.bridges or settings["postgres"].get("expose") or "expose" in str(settings.get("apps")):
        return
    raise OperateError(
        f"the servers' addresses can't be reached from here ({kind.explained}): run this on the Docker host, or give "
        f"each server a loopback port there, like {PROJECT}:postgres.expose: 15432 and {PROJECT}:redis.expose: 16379 "
        "(on a remote host, forward them with `ssh -L`)"
    )


def _require_daemon() -> docker.DockerClient:
    client = daemon.connect()
    if not Path(pulumi.REPOSITORY / "pulumiw").exists():
        raise OperateError("pulumiw is missing from the checkout")
    return client
