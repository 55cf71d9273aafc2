"""The colours of pictures: a class for each meaning, light by default, dark where the reader's system is.

A picture brings its own background, so that it can be read on a page of any colour.
"""

from __future__ import annotations

import re
from typing import Final

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"

# class: (property, light, dark)
_COLOURS: Final[dict[str, tuple[str, str, str]]] = {
    "page": ("fill", "#ffffff", "#0d1117"),
    "ink": ("fill", "#1f2328", "#e6edf3"),
    "muted": ("fill", "#59636e", "#9da7b3"),
    "rule": ("stroke", "#d1d9e0", "#30363d"),
    "line": ("stroke", "#6e7781", "#8b949e"),
    "tip": ("fill", "#6e7781", "#8b949e"),
    "box": ("fill", "#ffffff", "#161b22"),
    "edge": ("stroke", "#8c959f", "#6e7681"),
    "public": ("fill", "#9a3412", "#f0a36b"),
    "loopback": ("fill", "#59636e", "#9da7b3"),
    "fence": ("stroke", "#1a7f37", "#3fb950"),
    "fenced": ("fill", "#eefbf1", "#0f2417"),
    "fence-ink": ("fill", "#116329", "#56d364"),
    "tier-0": ("fill", "#fff4e5", "#2b2013"),
    "tier-1": ("fill", "#e7f1fd", "#12233a"),
    "tier-2": ("fill", "#f3ecfd", "#241a36"),
    "dot-0": ("fill", "#bc6c00", "#e3a04a"),
    "dot-1": ("fill", "#0969da", "#58a6ff"),
    "dot-2": ("fill", "#8250df", "#bc8cff"),
    "kind-postgres": ("fill", "#316192", "#5b9bd5"),
    "kind-redis": ("fill", "#b83a2e", "#e5746a"),
    "kind-mongo": ("fill", "#3d8a2e", "#7bc96f"),
    "kind-service": ("fill", "#8c959f", "#6e7681"),
    "plain": ("fill", "#c3cad2", "#484f58"),
    "kind-other": ("fill", "#8250df", "#bc8cff"),
    "soft-postgres": ("fill", "#e3edf7", "#14263a"),
    "soft-redis": ("fill", "#fbe9e7", "#3a1d1a"),
    "soft-mongo": ("fill", "#e6f4e3", "#17301a"),
    "soft-other": ("fill", "#f0eaf9", "#271d3d"),
}
_KINDS: Final = ("postgres", "redis", "mongo", "service")


def kind_class(kind: str, *, soft: bool = False) -> str:
    """The class of a kind of container; kinds without a colour of their own share one."""
    name = kind if kind in _KINDS else "other"
    return f"soft-{name}" if soft else f"kind-{name}"


def style(used: str) -> str:
    """The rules of the classes that stand in `used`, the text of a picture."""
    names = {name for classes in re.findall(r'class="([^"]*)"', used) for name in classes.split()}
    chosen = {name: colour for name, colour in _COLOURS.items() if name in names}
    light = "\n".join(f".{name} {{ {of}: {value} }}" for name, (of, value, _) in chosen.items())
    dark = "\n".join(f"  .{name} {{ {of}: {value} }}" for name, (of, _, value) in chosen.items())
    return f"text {{ font-family: {FONT} }}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
