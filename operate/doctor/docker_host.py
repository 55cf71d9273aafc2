"""The Docker daemon as the doctor sees it: which one, of what kind, how old, and whether its bridges can be reached."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import ImageNotFound
from docker.utils import version_lt

from operate import daemon
from operate.doctor.finding import Finding, fail, ok, warn
from operate.doctor.stack_file import StackFile

REMEDY: Final = "start Docker (`scripts/ensure-docker` on Debian as root), or point DOCKER_HOST to a daemon"
_OLDEST_API: Final = "1.41"  # Docker 20.10
_LOOPBACK_IS_SAFE: Final = 28  # moby 45610: older ones let the local network through to loopback ports
_DEFAULT_CONTEXT: Final = "default"


def context() -> Sequence[Finding]:
    """Which daemon is asked; a context of the docker command counts only there, and ssh:// needs paramiko."""
    findings = [ok("docker address", daemon.url() + ("" if os.environ.get("DOCKER_HOST") else " (default)"))]
    if daemon.url().startswith("ssh://") and not _has_paramiko():
        todo = "forward its socket (`ssh -L`) and set DOCKER_HOST=unix://…, or run this on the Docker host"
        findings = [fail("docker address", f"{daemon.url()}: ssh isn't carried", todo)]
    name, address = _chosen_context()
    if name != _DEFAULT_CONTEXT and not os.environ.get("DOCKER_HOST") and address != daemon.url():
        todo = f"export DOCKER_HOST={address}"
        findings.append(warn("docker context", f"the docker command uses {name}, these programs don't", todo))
    return findings


def findings(client: docker.DockerClient) -> Sequence[Finding]:
    """Version, kind and bridges of the daemon that answers."""
    kind = daemon.kind(client.info(), daemon.gateways(client))
    lost = daemon.lost_interfaces(client) if kind.bridges else []
    return [*_versions(client.version()), ok("docker kind", f"{kind.name}: {kind.explained}"), _bridges(kind, lost)]


def images(client: docker.DockerClient, file: StackFile) -> Sequence[Finding]:
    """Whether the servers' images are there."""
    wanted = file.images()
    missing = [reference for reference in wanted if not _has_image(client, reference)]
    if missing:
        return [
            warn("images", f"missing: {', '.join(missing)}", "`make up` builds them (`make images` does only that)")
        ]
    return [ok("images", ", ".join(wanted) or "decided by the first `make up`")]


def root(client: docker.DockerClient) -> Path | None:
    """Docker's own folder, if it is on this machine."""
    folder = client.info().get("DockerRootDir")
    return Path(folder) if folder and Path(folder).exists() else None


def _versions(version: dict[str, Any]) -> list[Finding]:
    found = f"{version['Version']}, API {version['ApiVersion']}"
    if version_lt(version["ApiVersion"], _OLDEST_API):
        return [fail("docker version", found, "update Docker to 20.10 or newer")]
    major = version["Version"].split(".")[0]
    if major.isdigit() and int(major) < _LOOPBACK_IS_SAFE:
        todo = "before 28, the local network can reach ports published on loopback: filter them in DOCKER-USER"
        return [warn("docker version", found, todo)]
    return [ok("docker version", found)]


def _bridges(kind: daemon.Kind, lost: Sequence[str]) -> Finding:
    if lost:
        todo = "restart Docker, which makes it again: no container can be started on it"
        return warn("docker bridges", f"the interface is gone of network {', '.join(lost)}", todo)
    if kind.bridges:
        return ok("docker bridges", "containers can be reached by their address from here")
    todo = "run `make up` on the Docker host itself, or give the servers loopback ports (expose, docs/settings.md)"
    return fail("docker bridges", f"containers can't be reached by their address from here ({kind.name})", todo)


def _has_image(client: docker.DockerClient, reference: str) -> bool:
    try:
        client.images.get(reference)
    except ImageNotFound:
        return False
    return True


def _has_paramiko() -> bool:
    from importlib.util import find_spec

    return find_spec("paramiko") is not None


def _chosen_context() -> tuple[str, str]:
    """The docker command's context and the address in it."""
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name

    name = os.environ.get("DOCKER_CONTEXT") or str(get_current_context_name())
    try:
        found = ContextAPI.get_context(name)
    except Exception:  # a damaged context of the docker command is that command's affair
        return name, "unknown"
    return name, str(found.Host) if found else "unknown"
