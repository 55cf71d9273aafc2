"""Shell text as the commands that a shell would run, with what can't be known marked in each word.

Owns reading: quotes, escapes, continued lines, variables, here-documents. What a command does belongs to `openings`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the parser is loaded with the first command: most stacks have none
    from tree_sitter import Node, Parser

UNKNOWN: Final = "\ue000"  # inside quotes: stays one word
UNKNOWN_WORDS: Final = "\ue001"  # outside: none, one or many words
_BREAK: Final = "\ue002"  # where an expanded value falls into words
_MARKS: Final = re.compile("[\ue000-\ue002\0]")
_CONTINUED: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\\n")
_KEPT: Final = frozenset({"comment", "raw_string", "ansi_c_string", "heredoc_body"})  # a continued line is none there
_ESCAPES: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
}
_GLOB: Final = re.compile(r"(?<!\\)(?:[*?\[`]|\{[^{}]*(?:,|\.\.))")
_LONGEST_VALUE: Final = 4_000  # values made of values grow without end
_NOWHERE: Final = re.compile(r"&?[0-9]+|/dev/(?:null|stderr|stdout|tty)")


@dataclass(frozen=True)
class Command:
    """One simple command: its words as they reach the program, and where its input and output are."""

    words: tuple[str, ...]
    input: str | None = None
    """The text of its here-document or here-string."""
    fed: bool = False
    """Whether its input comes from a pipe or a file."""
    passed_on: bool = False
    """Whether its output goes to a pipe, a file or a substitution."""


@dataclass(frozen=True)
class Script:
    """A text that was read. `readable` is False where the parser doesn't understand it."""

    commands: tuple[Command, ...]
    documents: tuple[str, ...]
    readable: bool


def read(text: str, variables: Mapping[str, str]) -> Script:
    """Every command in the text, nested ones too; `variables` are those of its environment."""
    source = _joined(_MARKS.sub(UNKNOWN, text.replace("\r", "")).encode(errors="replace"))
    root = _parser().parse(source).root_node
    nodes = list(_descendants(root))
    values = _values(nodes, variables)
    commands = tuple(_command(node, around, values) for node, around in _commands(root))
    documents = tuple(_text(node) for node in nodes if node.type == "heredoc_body")
    nested = any(b"\\`" in (node.text or b"") for node in nodes if node.type == "command_substitution")
    return Script(commands, documents, not root.has_error and not nested)


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _joined(source: bytes) -> bytes:
    """The text with continued lines joined; not in comments and quotes, where a backslash continues nothing."""
    root = _parser().parse(source).root_node
    kept = [(node.start_byte, node.end_byte) for node in _descendants(root) if node.type in _KEPT]

    def join(match: re.Match[bytes]) -> bytes:
        return match[0] if any(start <= match.end() - 2 < end for start, end in kept) else match[1]

    return _CONTINUED.sub(join, source)


def _descendants(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _values(nodes: list[Node], variables: Mapping[str, str]) -> dict[str, str]:
    """The value of each variable that has one only: given twice, or changed, it isn't known."""
    found: dict[str, str] = {"IFS": " ", **variables}
    for node in nodes:
        if node.type == "variable_assignment":
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            key = _text(name) if name else ""
            plain = any(child.type == "=" for child in node.children) and (value is None or value.type != "array")
            new = (
                "".join(_word(value, found, quoted=True))
                if value is not None and plain
                else ""
                if plain
                else UNKNOWN_WORDS
            )
            same = found.get(key, new) == new and len(new) <= _LONGEST_VALUE
            found[key] = new if same else UNKNOWN_WORDS
        elif node.type in ("for_statement", "select_statement"):
            found.update({_text(child): UNKNOWN_WORDS for child in node.children if child.type == "variable_name"})
    return found


def _command(node: Node, around: _Around, values: Mapping[str, str]) -> Command:
    words: list[str] = []
    for child in node.children:
        if child.type == "command_name" or (
            not child.type.endswith("_redirect") and child.type not in ("variable_assignment", "<", ">", "&")
        ):
            words += _word(child, values)
    redirects = [
        *_of(node, "_redirect"),
        *(_of(around.parent, "_redirect") if _is(around.parent, "redirected_statement") else ()),
    ]
    given = [one for one in redirects if one.type in ("herestring_redirect", "heredoc_redirect")]
    files = [one for one in redirects if one.type == "file_redirect"]
    return Command(
        tuple(words),
        input="\n".join(_given(one, values) for one in given) if given else None,
        fed=around.piped or any(_text(one).lstrip("0123456789").startswith("<") for one in files),
        passed_on=around.piped or any(_reaches_a_file(one) for one in files) or around.substituted,
    )


def _given(redirect: Node, values: Mapping[str, str]) -> str:
    """The text that a here-document or a here-string gives."""
    if redirect.type == "herestring_redirect":
        return " ".join(
            word for child in redirect.children if child.is_named for word in _word(child, values, quoted=True)
        )
    return "\n".join(_text(child) for child in redirect.children if child.type == "heredoc_body")


def _of(node: Node | None, ending: str) -> list[Node]:
    return [child for child in node.children if child.type.endswith(ending)] if node else []


def _is(node: Node | None, kind: str) -> bool:
    return node is not None and node.type == kind


def _has_pipe(node: Node) -> bool:
    return any(child.type == "pipeline" for redirect in _of(node, "heredoc_redirect") for child in redirect.children)


@dataclass(frozen=True)
class _Around:
    """What is around a node. Kept on the way down: a node's own way up takes time in deep texts."""

    parent: Node | None = None
    piped: bool = False
    """Whether a pipe is around it. The pipe's first command counts too, which reads nothing: that does no harm."""
    substituted: bool = False

    def inside(self, node: Node) -> _Around:
        piped = self.piped or node.type == "pipeline" or (node.type == "redirected_statement" and _has_pipe(node))
        substituted = self.substituted or node.type in ("command_substitution", "process_substitution")
        return _Around(node, piped, substituted)


def _commands(root: Node) -> Iterator[tuple[Node, _Around]]:
    stack = [(root, _Around())]
    while stack:
        node, around = stack.pop()
        if node.type == "command":
            yield node, around
        inside = around.inside(node)
        stack.extend((child, inside) for child in reversed(node.children))


def _reaches_a_file(redirect: Node) -> bool:
    target = redirect.child_by_field_name("destination")
    return ">" in _text(redirect) and not (target is not None and _NOWHERE.fullmatch(_text(target)))


def _word(node: Node, values: Mapping[str, str], *, quoted: bool = False) -> list[str]:
    """The words that one word of the text becomes."""
    whole = _expanded(node, values, quoted=quoted)
    return [part for part in whole.split(_BREAK) if part] if _BREAK in whole else [whole]


def _expanded(node: Node, values: Mapping[str, str], *, quoted: bool) -> str:
    kind, text = node.type, _text(node)
    if kind in _LITERAL:
        return _LITERAL[kind](text)
    if kind in _PLAIN:
        some = UNKNOWN_WORDS if _GLOB.search(text) and not quoted else ""
        return some + re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
    if kind in ("simple_expansion", "expansion"):
        return _variable(text, values, quoted=quoted)
    if kind in ("string", "translated_string", "concatenation", "command_name"):
        return _parts(node, values, quoted=quoted or "string" in kind)
    return UNKNOWN if quoted else UNKNOWN_WORDS


def _parts(node: Node, values: Mapping[str, str], *, quoted: bool) -> str:
    """The word's parts side by side; between them may stand text that the parser gives no node of its own."""
    made, at, source = "", node.start_byte, node.text or b""
    for child in node.children:
        between = source[at - node.start_byte : child.start_byte - node.start_byte].decode(errors="replace")
        made += UNKNOWN if "`" in between else between
        at = child.end_byte
        if child.is_named:
            made += _expanded(child, values, quoted=quoted)
        elif child.type not in ('"', '$"', "$"):
            made += UNKNOWN if "`" in _text(child) else _text(child)
    return (UNKNOWN_WORDS if node.type == "concatenation" and not quoted and _is_brace(node) else "") + made


def _is_brace(node: Node) -> bool:
    """Whether braces make several words of one: `{docker,run}`."""
    bare = "".join(_text(child) for child in node.children if child.type in ("word", "{", "}", ",", "brace_expression"))
    return bool(_GLOB.search(bare))


def _variable(text: str, values: Mapping[str, str], *, quoted: bool) -> str:
    match = re.fullmatch(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", text, flags=re.ASCII)
    value = values.get(match[1] or match[2]) if match else None
    if value is None or UNKNOWN_WORDS in value or len(value) > _LONGEST_VALUE:
        return UNKNOWN if quoted else UNKNOWN_WORDS
    if quoted:
        return value
    splits = values.get("IFS") == " " and not _GLOB.search(value)  # with other separators it falls into other words
    return re.sub(r"\s+", _BREAK, value) if splits else UNKNOWN_WORDS


def _decoded(text: str) -> str:
    r"""The text of `$'...'`, whose escapes name characters."""

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU":
            return chr(int(code[1:], 16)) if int(code[1:], 16) <= sys.maxunicode else UNKNOWN
        return chr(int(code, 8)) if code[0] in "01234567" else _ESCAPES.get(code, code)

    return re.sub(
        r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)", character, text, flags=re.DOTALL
    )


_PLAIN: Final = frozenset(
    {"word", "number", "variable_name", "special_variable_name", "test_operator", "extglob_pattern", "regex"}
)
_LITERAL: Final[Mapping[str, Callable[[str], str]]] = {
    "raw_string": lambda text: text[1:-1],
    "ansi_c_string": lambda text: _decoded(text[2:-1]),
    "string_content": lambda text: re.sub(r'\\([$`"\\])', r"\1", text),
}
