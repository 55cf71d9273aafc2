"""Builds an image from Debian packages: mmdebstrap makes the root file system, the Docker daemon imports it.

Needs root and Debian (or a relative). The machine's mirror and apt settings are used on the way and not left in the
image: they can hold the name and password of a proxy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from docker.errors import DockerException

from images import apt, daemon, wheels
from images.errors import ImageError
from images.recipes import HERE, RECIPE_LABEL, Recipe

_LEFT_OUT: Final = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_REMOVED: Final = (
    "/etc/apt/apt.conf.d/99mmdebstrap",  # the settings of this machine's apt
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/*",
    "/var/lib/apt/lists/*",
    "/var/cache/apt/*",
    "/var/log/*",
)
_IMPORT_SECONDS: Final = 300
_SHOWN_LINES: Final = 15


def build(recipe: Recipe) -> None:
    """Make the image. Raises ImageError; a failed build leaves no tag behind."""
    with tempfile.TemporaryDirectory(prefix="data-tier-image-") as folder:
        archive = Path(folder) / "root.tar"
        _run(_command(recipe, Path(folder), archive), f"{recipe.tag}: mmdebstrap")
        _import(recipe, archive)


def ensure_tools(say: Callable[[str], None]) -> None:
    """Install mmdebstrap where it is missing. Raises ImageError."""
    if os.geteuid() != 0:
        raise ImageError("images are built from Debian packages as root: run this as root, or have a registry answer")
    if shutil.which("mmdebstrap"):
        return
    if not shutil.which("apt-get"):
        raise ImageError("mmdebstrap is needed to build images without a registry, and there is no apt-get to get it")
    say("installing mmdebstrap")
    _run(["apt-get", "update", "-qq"], "apt-get update")
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"], "apt-get install mmdebstrap")


def _command(recipe: Recipe, folder: Path, archive: Path) -> list[str]:
    # files, not arguments: process lists show arguments to everybody
    settings, sources = folder / "apt.conf", folder / "sources.list"
    settings.write_text(apt.settings())
    sources.write_text(apt.mirror().source(recipe.suite))
    command = [
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        "--skip=cleanup/run",
        f"--include={','.join(recipe.packages)}",
    ]
    command += [f"--aptopt={settings}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    command += [f"--essential-hook={hook}" for hook in _before_packages(recipe)]
    command += [f"--customize-hook={hook}" for hook in _after_packages(recipe)]
    return [*command, recipe.suite, str(archive), str(sources)]


def _before_packages(recipe: Recipe) -> Iterator[str]:
    """Users and settings that packages find when they are installed."""
    for name, (uid, home) in recipe.users.items():
        yield f'echo "{name}:x:{uid}:" >>"$1/etc/group"'
        yield f'echo "{name}:x:{uid}:{uid}::{home}:/bin/sh" >>"$1/etc/passwd"'
    for source, target in recipe.files.items():
        yield f'install -D -m {_mode(source)} "{HERE / source}" "$1{target}"'


def _after_packages(recipe: Recipe) -> Iterator[str]:
    if recipe.wheels:
        yield f'{wheels.install(HERE / recipe.wheels)} --target "$1{wheels.FOLDER}"'
    for path, owner in recipe.folders.items():
        yield f'mkdir -p "$1{path}" && chroot "$1" chown {owner}:{owner} "{path}"'
    for path in _REMOVED:
        yield f'rm -rf "$1"{path}'


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
    client = daemon.connect(_IMPORT_SECONDS)
    try:
        said = client.api.import_image_from_file(str(archive), repository=repository, tag=tag, changes=changes)
        made = client.images.get(recipe.tag)
    except (DockerException, OSError) as error:
        raise ImageError(f"{recipe.tag}: the Docker daemon refused the import: {error}") from None
    if made.labels.get(RECIPE_LABEL) != recipe.digest:  # the daemon reports failures in the text of a success
        raise ImageError(f"{recipe.tag}: the Docker daemon did not import it: {said}")


def _run(command: list[str], what: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=env, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603
    if done.returncode:
        tail = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-_SHOWN_LINES:])
        raise ImageError(f"{what} failed with exit code {done.returncode}:\n{tail}")
