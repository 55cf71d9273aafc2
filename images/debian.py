"""Builds an image from Debian packages: mmdebstrap makes the root file system, the Docker daemon imports it.

Uses the machine's own apt configuration for mirror, proxy and certificates. Needs root and Debian (or a relative).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import docker
from docker.errors import DockerException

from images.errors import ImageError
from images.recipes import HERE, RECIPE_LABEL, Recipe

_LEFT_OUT: Final = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_PASSED_ON: Final = re.compile(r'^(Acquire::https?::(?:Proxy|CaInfo|Verify-Peer)[^ ]*) "([^"]+)";$', re.MULTILINE)
_SHOWN_LINES: Final = 15


def build(recipe: Recipe, say: Callable[[str], None]) -> None:
    """Make the image. Raises ImageError; a failed build leaves no tag behind."""
    _ensure_mmdebstrap(say)
    with tempfile.TemporaryDirectory(prefix="data-tier-image-") as folder:
        archive = Path(folder) / "root.tar"
        _run(_command(recipe, archive), f"{recipe.tag}: mmdebstrap")
        _import(recipe, archive)


def mirror() -> str:
    """The mirror that this machine's apt uses for Debian itself. Raises ImageError where it uses none."""
    listed = _output(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"])
    for line in listed.splitlines():
        label, _, uri = line.rpartition(" ")
        if label == "Debian":
            return uri
    # before the first update apt knows no labels: the first source that is not a security archive
    sources = _output(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]).split()
    for uri in sources:
        if "security" not in uri:
            return uri
    raise ImageError("apt names no Debian mirror (`apt-get indextargets` is empty): mend /etc/apt/sources.list")


def acquire_options() -> list[str]:
    """Proxies and certificates of this machine's apt, as options for another."""
    return [f'{key} "{value}"' for key, value in _PASSED_ON.findall(_output(["apt-config", "dump"]))]


def _command(recipe: Recipe, archive: Path) -> list[str]:
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(recipe.packages)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    command += [f"--aptopt={option}" for option in acquire_options()]
    command += ['--aptopt=APT::Install-Recommends "false"']
    command += [f"--essential-hook={hook}" for hook in _before_packages(recipe)]
    command += [f"--customize-hook={hook}" for hook in _after_packages(recipe)]
    return [*command, recipe.suite, str(archive), mirror()]


def _before_packages(recipe: Recipe) -> Iterator[str]:
    """Users and settings that packages find when they are installed."""
    for name, (uid, home) in recipe.users.items():
        yield f'echo "{name}:x:{uid}:" >>"$1/etc/group"'
        yield f'echo "{name}:x:{uid}:{uid}::{home}:/bin/sh" >>"$1/etc/passwd"'
    for source, target in recipe.files.items():
        yield f'install -D -m {_mode(source)} "{HERE / source}" "$1{target}"'


def _after_packages(recipe: Recipe) -> Iterator[str]:
    for path, owner in recipe.folders.items():
        yield f'mkdir -p "$1{path}" && chroot "$1" chown {owner}:{owner} "{path}"'
    yield 'rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/log/*'


def _mode(source: str) -> str:
    return "0755" if os.access(HERE / source, os.X_OK) else "0644"


def _import(recipe: Recipe, archive: Path) -> None:
    labels = {
        RECIPE_LABEL: recipe.digest,
        "data-tier.source": f"debian-{recipe.suite}",
        "org.opencontainers.image.title": recipe.tag,
    }
    changes = [*recipe.changes, *(f'LABEL {key}="{value}"' for key, value in labels.items())]
    repository, _, tag = recipe.tag.partition(":")
    try:
        client = docker.from_env(timeout=300)
        client.api.import_image_from_file(str(archive), repository=repository, tag=tag, changes=changes)
        client.images.get(recipe.tag)
    except DockerException as error:
        raise ImageError(f"{recipe.tag}: the Docker daemon refused the import: {error}") from None


def _ensure_mmdebstrap(say: Callable[[str], None]) -> None:
    if shutil.which("mmdebstrap"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ImageError(
            "mmdebstrap is needed to build images without a registry: `apt-get install mmdebstrap` as root"
        )
    say("installing mmdebstrap")
    _run(["apt-get", "update", "-qq"], "apt-get update")
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"], "apt-get install mmdebstrap")


def _run(command: list[str], what: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=env, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603
    if done.returncode:
        tail = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-_SHOWN_LINES:])
        raise ImageError(f"{what} failed with exit code {done.returncode}:\n{tail}")


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, text=True, check=True, capture_output=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise ImageError(f"{command[0]} can't be asked ({type(error).__name__}): images are built on Debian") from None
