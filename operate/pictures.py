"""Writes docs/pictures/*.svg from Pulumi.dev.yaml: `python -m operate.pictures`, or `make docs`.

Owns which pictures the documents have. What `make up` adds to the stack file is left out, so that a page is the same
wherever it is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from operate import compare, declared, diagram

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs/pictures"
_STACK: Final = "dev"
_ADDED: Final = ("images", "running")


def pictures() -> dict[str, str]:
    """Each picture's text by its file name."""
    file = declared.read(_STACK)
    written = {key: value for key, value in file.config.items() if key not in _ADDED}
    file = declared.StackFile(stack=_STACK, path=file.path, config=written)
    shapes = {shape: declared.declare(_STACK, file.settings(shape)) for shape in declared.SHAPES}
    comparison = compare.Comparison(stack=_STACK, topology=file.topology, shapes=shapes, measured={})
    return {
        "unified.svg": diagram.draw([shapes["unified"]]),
        "both-shapes.svg": diagram.draw([shapes[shape] for shape in declared.SHAPES]),
        "compared.svg": compare.draw(comparison),
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pictures().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
