"""The pictures in the documents are those that the code draws."""

from __future__ import annotations

from operate.pictures import FOLDER, pictures


def test_the_pictures_are_what_the_stack_file_declares() -> None:
    drawn = pictures()
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")}
    assert found == drawn, "docs/pictures is stale: `make docs` writes it"
