"""What the stores of the examples take in either shape: declared limits and storage, and memory measured when idle.

Stores only, under the benchmarks' own prefix: services are the same in both shapes.
"""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks import host, idle
from benchmarks.results import Figure, Result
from benchmarks.stackfile import IMAGES, PREFIX, REPOSITORY, Shape
from benchmarks.workspace import Workspace
from operate import declared

SYSTEMS: Final = ("bizosaas", "darevel", "portfolio")
SHAPES: Final[tuple[Shape, ...]] = ("isolated", "unified")
_MEBIBYTE: Final = 1024**2
_NETWORK: Final = {"data": {"internal": True, "subnet": "10.231.10.0/24", "apps": "10.232.0.0/16"}}
_STORES: Final = ("postgres", "redis", "mongo")
_OWN: Final = ("name", "volume", "expose")  # what would meet a stack of the same example


def measured() -> Result:
    """Limits, storage and held memory of each system's stores in both shapes, and what the unified one saves."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="systems", figures=[], notes=[str(error)])
    figures: list[Figure] = []
    for system in SYSTEMS:
        held = {shape: _held(client, system, shape) for shape in SHAPES}
        for shape in SHAPES:
            figures += [
                *_declared(system, shape),
                Figure(name=f"{system}, {shape}: idle", value=held[shape], unit="MiB"),
            ]
        saved = held["isolated"] - held["unified"]
        figures.append(Figure(name=f"{system}: idle memory that unified saves", value=saved, unit="MiB"))
    return Result(name="systems", figures=figures)


def stores_of(system: str, shape: Shape) -> dict[str, Any]:
    """The stack file of an example in a shape: its stores alone, beside everything else on the host."""
    config = copy.deepcopy(_file(system))
    apps = {app: {key: its[key] for key in (*_STORES, "redis_server", "dedicated") if key in its}
            for app, its in config["data-tier:apps"].items()}  # fmt: skip
    found = {key: config[f"data-tier:{key}"] for key in _STORES if f"data-tier:{key}" in config}
    found |= {"apps": {app: its for app, its in apps.items() if its}, "network": copy.deepcopy(_NETWORK)}
    found |= {"prefix": PREFIX, "topology": shape, "protect": False, "images": dict(IMAGES)}
    for section in [*(found[key] for key in _STORES if key in found), *_own_servers(found["apps"])]:
        for key in _OWN:
            section.pop(key, None)
    return {f"data-tier:{key}": value for key, value in found.items()}


def _own_servers(apps: dict[str, Any]) -> list[dict[str, Any]]:
    servers = [its[store]["server"] for its in apps.values() for store in ("postgres", "mongo")
               if "server" in its.get(store, {})]  # fmt: skip
    return [*servers, *(its["redis_server"] for its in apps.values() if "redis_server" in its)]


def _file(system: str) -> dict[str, Any]:
    path = REPOSITORY / f"examples/{system}/Pulumi.{system}.yaml"
    found: dict[str, Any] = yaml.safe_load(path.read_text())["config"]
    return found


def _declared(system: str, shape: Shape) -> list[Figure]:
    file = declared.read("bench", REPOSITORY / f"examples/{system}/Pulumi.{system}.yaml")
    stores = declared.declare("bench", file.settings(shape)).stores
    name = f"{system}, {shape}"
    return [
        Figure(name=f"{name}: stores", value=stores.containers, unit=""),
        Figure(name=f"{name}: memory limits", value=stores.memory / _MEBIBYTE, unit="MiB"),
        Figure(name=f"{name}: CPU limits", value=stores.cpu, unit=""),
        Figure(name=f"{name}: storage", value=(stores.storage or 0) / _MEBIBYTE / 1024, unit="GiB"),
    ]


def _held(client: Any, system: str, shape: Shape) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            workspace.configure(stores_of(system, shape))
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            return idle.settled(client).held
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")
