"""A stack file, and its settings in either shape.

A shape is what the file becomes when nothing is on the move: `keep` and `serving` are left out. `dedicated` counts in
the unified shape, where it means something.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from components.config import Place, Settings, SettingsError, parse
from components.config.text import own_keys
from operate import pulumi
from operate.errors import OperateError

SHAPES: Final[tuple[Place, ...]] = ("isolated", "unified")
_OF_A_MOVE: Final = ("keep", "serving")


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """A stack file's own keys, without their namespace."""

    stack: str
    path: Path
    config: Mapping[str, Any]

    def settings(self, shape: Place | None = None) -> Settings:
        """The settings of a shape, or of the file as it is, with everything up.

        Raises OperateError where the file, or the file in that shape, breaks a rule.
        """
        as_it_is = self._as_it_is()
        if shape is None:
            return as_it_is.model_copy(update={"running": True})
        try:
            return parse(self._shaped(shape))
        except SettingsError as error:
            raise OperateError(
                f"{self.path.name} has no {shape} shape yet; with `topology: {shape}` it breaks rules.\n{error}"
            ) from None

    @property
    def topology(self) -> Place:
        """The shape that the file itself asks for."""
        return self._as_it_is().topology

    def _as_it_is(self) -> Settings:
        try:
            return parse(self.config)
        except SettingsError as error:
            raise OperateError(f"{self.path.name}: {error}") from None

    def _shaped(self, shape: Place) -> dict[str, Any]:
        config = copy.deepcopy({**self.config, "topology": shape, "running": True})
        for app in config["apps"].values():
            for key in _OF_A_MOVE:
                app.pop(key, None)
        return config


def read(stack: str, file: Path | None = None) -> StackFile:
    """The stack file of a stack, or `file`. Raises OperateError where there is none or it isn't one."""
    path = file or pulumi.REPOSITORY / f"Pulumi.{stack}.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        own = own_keys(found["config"])
    except FileNotFoundError:
        raise OperateError(f"{path} is missing: write it like Pulumi.dev.yaml, or name another with --stack") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise OperateError(f"{path} can't be read ({type(error).__name__}): write it like Pulumi.dev.yaml") from None
    return StackFile(stack=_stack_of(file) if file else stack, path=path, config=own)


def _stack_of(file: Path) -> str:
    """The stack that a file is of by its name, or that name."""
    return file.stem.removeprefix("Pulumi.")
