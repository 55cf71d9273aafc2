"""Pulumi.yaml: the project, its runtime and the configuration it declares. The stack's own file is `stack_config`'s.

Source: the CLI's project schema, sdk/go/common/workspace/project.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from embedded import _yaml
from embedded._declaration import Declaration
from embedded.errors import EngineError
from embedded.stack_config import StackConfig

__all__ = ["Project", "StackConfig"]

_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True)
class Project:
    """A project as its Pulumi.yaml declares it.

    `root` is the folder of the file, `main` the program's path in it ("" for the folder itself), `config` the
    declared keys in full form (`<project>:<key>`).
    """

    name: str
    root: Path
    file: Path
    runtime: str
    runtime_options: dict[str, Any] = field(default_factory=dict)
    main: str = ""
    description: str = ""
    backend_url: str = ""
    stack_config_dir: str = ""
    config: dict[str, Declaration] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path | str) -> Project:
        """The project of `directory` or the nearest folder above it. Raises EngineError for none, or a wrong one."""
        file = _find(Path(directory).absolute())
        data = _yaml.read(file)
        name = data.get("name")
        if not isinstance(name, str) or not name:
            raise EngineError(f"{file}: project is missing a 'name' attribute")
        runtime, options = _runtime(file, data.get("runtime"))
        declared = data.get("config")
        return cls(
            name=name,
            root=file.parent,
            file=file,
            runtime=runtime,
            runtime_options=options,
            main=str(data.get("main") or ""),
            description=str(data.get("description") or ""),
            backend_url=_backend_url(file, data.get("backend")),
            stack_config_dir=str(data.get("stackConfigDir") or (declared if isinstance(declared, str) else "")),
            config=_declarations(file, name, declared),
        )

    @property
    def program(self) -> Path:
        """The folder or file that the runtime starts."""
        return self.root / self.main if self.main else self.root

    def stack_file(self, stack: str) -> Path:
        """`Pulumi.<stack>.yaml`, whether it is there or not."""
        return self.root / self.stack_config_dir / f"Pulumi.{stack}{self.file.suffix}"

    @property
    def virtualenv(self) -> str:
        """The virtual environment of the program, as written, relative to `root`; "" for none."""
        return str(self.runtime_options.get("virtualenv") or "")


def _find(directory: Path) -> Path:
    for folder in (directory, *directory.parents):
        for name in _FILES:
            if (folder / name).is_file():
                return folder / name
    raise EngineError(
        f"no Pulumi.yaml project file found (searching upwards from {directory}); "
        "run this in a project's folder, or name it with --cwd"
    )


def _runtime(file: Path, runtime: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(runtime, Mapping):
        name, options = runtime.get("name"), runtime.get("options") or {}
    else:
        name, options = runtime, {}
    if not name:
        raise EngineError(f"{file}: project is missing a 'runtime' attribute")
    if name != "python":
        raise EngineError(f"{file}: runtime {name!r}: the embedded engine runs Python programs; use the Pulumi CLI")
    if not isinstance(options, Mapping):
        raise EngineError(f"{file}: runtime.options: expected keys and values")
    return str(name), dict(options)


def _backend_url(file: Path, backend: Any) -> str:
    if backend is None:
        return ""
    if not isinstance(backend, Mapping):
        raise EngineError(f"{file}: backend: expected `url:` under it")
    return str(backend.get("url") or "")


def _declarations(file: Path, project: str, declared: Any) -> dict[str, Declaration]:
    if declared is None or isinstance(declared, str):
        return {}
    if not isinstance(declared, Mapping):
        raise EngineError(f"{file}: config: expected keys and values")
    made = {}
    for key, value in declared.items():
        full = key if ":" in str(key) else f"{project}:{key}"
        made[full] = Declaration.parse(file, str(key), value, own=full.startswith(f"{project}:"))
    return made
