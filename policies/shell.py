"""Shell text as the commands that a shell would run, with what can't be known marked in each word.

Owns reading: quotes, escapes, continued lines, variables, here-documents. What a command does belongs to `openings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_GLOB: Final = re.compile(r"(?<!\\)(?:[*?\[]|\{[^{}]*(?:,|\.\.))")
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
    commands = tuple(_command(node, values) for node in nodes if node.type == "command")
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
    kept = [(node.start_byte, node.end_byte) for node in _descendants(_parser().parse(source).root_node) if node.type in _KEPT]
    inside = lambda at: any(start <= at < end for start, end in kept)  # noqa: E731
    return _CONTINUED.sub(lambda match: match[0] if inside(match.end() - 2) else match[1], source)


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
            new = "".join(_word(value, found, quoted=True)) if value is not None and plain else "" if plain else UNKNOWN_WORDS
            found[key] = new if found.get(key, new) == new else UNKNOWN_WORDS
        elif node.type in ("for_statement", "select_statement"):
            found.update({_text(child): UNKNOWN_WORDS for child in node.children if child.type == "variable_name"})
    return found


def _command(node: Node, values: Mapping[str, str]) -> Command:
    words: list[str] = []
    for child in node.children:
        if child.type == "command_name" or (not child.type.endswith("_redirect") and child.type not in ("variable_assignment", "<", ">", "&")):
            words += _word(child, values)
    redirects = [*_of(node, "_redirect"), *(_of(node.parent, "_redirect") if _is(node.parent, "redirected_statement") else ())]
    given = [one for one in redirects if one.type in ("herestring_redirect", "heredoc_redirect")]
    files = [one for one in redirects if one.type == "file_redirect"]
    return Command(
        tuple(words),
        input="\n".join(_given(one, values) for one in given) if given else None,
        fed=_is_piped(node) or any(_text(one).lstrip("0123456789").startswith("<") for one in files),
        passed_on=_is_piped(node) or any(_reaches_a_file(one) for one in files) or _is_substituted(node),
    )


def _given(redirect: Node, values: Mapping[str, str]) -> str:
    """The text that a here-document or a here-string gives."""
    if redirect.type == "herestring_redirect":
        return " ".join(word for child in redirect.children if child.is_named for word in _word(child, values, quoted=True))
    return "\n".join(_text(child) for child in redirect.children if child.type == "heredoc_body")


def _of(node: Node | None, ending: str) -> list[Node]:
    return [child for child in node.children if child.type.endswith(ending)] if node else []


def _is(node: Node | None, kind: str) -> bool:
    return node is not None and node.type == kind


def _ancestors(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _is_piped(node: Node) -> bool:
    """Whether a pipe is anywhere around it; its first command counts too, which reads nothing: that does no harm."""
    return any(one.type == "pipeline" or (one.type == "redirected_statement" and _has_pipe(one)) for one in _ancestors(node))


def _has_pipe(node: Node) -> bool:
    return any(child.type == "pipeline" for redirect in _of(node, "heredoc_redirect") for child in redirect.children)


def _is_substituted(node: Node) -> bool:
    return any(one.type in ("command_substitution", "process_substitution") for one in _ancestors(node))


def _reaches_a_file(redirect: Node) -> bool:
    target = redirect.child_by_field_name("destination")
    return ">" in _text(redirect) and not (target is not None and _NOWHERE.fullmatch(_text(target)))


def _word(node: Node, values: Mapping[str, str], *, quoted: bool = False) -> list[str]:
    """The words that one word of the text becomes."""
    whole = _expanded(node, values, quoted=quoted)
    return [part for part in whole.split(_BREAK) if part] if _BREAK in whole else [whole]


def _expanded(node: Node, values: Mapping[str, str], *, quoted: bool) -> str:
    kind, text = node.type, _text(node)
    if kind in ("word", "number", "variable_name", "special_variable_name", "test_operator", "extglob_pattern", "regex"):
        return (UNKNOWN_WORDS if _GLOB.search(text) and not quoted else "") + re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
    if kind == "raw_string":
        return text[1:-1]
    if kind == "ansi_c_string":
        return _decoded(text[2:-1])
    if kind == "string_content":
        return re.sub(r'\\([$`"\\])', r"\1", text)
    if kind in ("simple_expansion", "expansion"):
        return _variable(text, values, quoted=quoted)
    if kind in ("string", "translated_string"):
        return _parts(node, values, quoted=True)
    if kind in ("concatenation", "command_name"):
        return _parts(node, values, quoted=quoted)
    return UNKNOWN if quoted else UNKNOWN_WORDS


def _parts(node: Node, values: Mapping[str, str], *, quoted: bool) -> str:
    """The word's parts side by side; between them may stand text that the parser gives no node of its own."""
    made, at, source = "", node.start_byte, node.text or b""
    for child in node.children:
        made += source[at - node.start_byte : child.start_byte - node.start_byte].decode(errors="replace")
        at = child.end_byte
        if child.is_named:
            made += _expanded(child, values, quoted=quoted)
        elif child.type not in ('"', '$"', "$"):
            made += _text(child)
    return (UNKNOWN_WORDS if node.type == "concatenation" and not quoted and _is_brace(node) else "") + made


def _is_brace(node: Node) -> bool:
    """Whether braces make several words of one: `{docker,run}`."""
    bare = "".join(_text(child) for child in node.children if child.type in ("word", "{", "}", ",", "brace_expression"))
    return bool(_GLOB.search(bare))


def _variable(text: str, values: Mapping[str, str], *, quoted: bool) -> str:
    match = re.fullmatch(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", text, flags=re.ASCII)
    value = values.get(match[1] or match[2]) if match else None
    if value is None or UNKNOWN_WORDS in value:
        return UNKNOWN if quoted else UNKNOWN_WORDS
    if quoted:
        return value
    return re.sub(r"\s+", _BREAK, value) if not _GLOB.search(value) else UNKNOWN_WORDS


def _decoded(text: str) -> str:
    r"""The text of `$'...'`, whose escapes name characters."""

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "xuU":
            return chr(int(code[1:], 16)) if int(code[1:], 16) <= 0x10FFFF else UNKNOWN
        return chr(int(code, 8)) if code[0] in "01234567" else _ESCAPES.get(code, code)

    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)", character, text, flags=re.DOTALL)
