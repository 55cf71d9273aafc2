"""What is wrong with a shell text, through shells in shells, wrappers, pipes into interpreters and here-documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from policies.arguments import only_arguments
from policies.openings import CANNOT_BE_READ, NAMES, opening, program, words_of
from policies.shell import UNKNOWN, UNKNOWN_WORDS, Command, read
from policies.texts import told_by_text

_DEEPEST: Final = 6
_MOST: Final = 60  # texts in a text
_MOST_WORDS: Final = 200
_LONGEST: Final = 16_000  # a text is also read no further than this: parsing grows faster than its length
_MOST_COMMANDS: Final = 500
_UNIT: Final = re.compile(r"(?m)^[^\S\n]*(?:Exec\w*=[-@:+!]*|!|[\w.-]+:[^\S\n]*;)")  # what stands before a command
_SCRIPT: Final = re.compile(r"[-+][A-Za-z]*c[A-Za-z]*|--command|-Command|/[cCkK]")
_ENCODED: Final = re.compile(r"(?i)-e(?:nc|ncodedcommand|c)?$")
_SHELLS: Final = words_of("sh bash dash zsh ksh mksh ash fish busybox-sh rbash cmd powershell pwsh")
_CODE: Final = re.compile(
    r"(?:python|pypy|perl|ruby|node|nodejs|deno|bun|php|lua|tclsh|awk|gawk|mawk|nawk|expect|osascript)[\d.]*"
)
_AWKS: Final = re.compile(r"[gmn]?awk")
_WRAPPERS: Final = words_of(
    "sudo doas env nohup nice ionice time timeout exec command builtin setsid stdbuf xargs parallel watch"
    " chroot unshare nsenter flock strace ltrace script su runuser systemd-run chrt taskset setpriv entr"
    " at batch busybox toybox coproc proot fakeroot dbus-run-session firejail bwrap pkexec gosu su-exec"
    " tini dumb-init catchsegv unbuffer"
)
_SPLITS: Final = re.compile("^(?:-[A-Za-z]*S|--split-string=?)")  # env's option that makes words of one
_UNKNOWNS: Final = (UNKNOWN, UNKNOWN_WORDS)
_FEEDERS: Final = frozenset({"xargs", "parallel"})
_DATA: Final = words_of("echo printf grep egrep fgrep cat test [ [[ logger true false : read which type whereis pgrep")
_DOWNLOADS: Final = words_of("curl wget fetch aria2c scp sftp rsync git base64 base32 xxd uudecode openssl gpg")
_STARTS_OTHERS: Final = re.compile(
    r"subprocess|os\s*\.\s*(?:system|popen|exec|spawn|posix_spawn)|\bsystem\b|\bpopen|\bexec|\beval\b|child_process|\bspawn|"
    r"\bpty\b|importlib|__import__|getattr|compile|b64|base64|fromhex|unhexlify|codecs|\bchr\b|fromCharCode|\bpack\b|"
    r"urllib|requests|http|socket|\bqx\b|`|\\x|\\u|rot13|\[::-1\]|\|\s*getline|\bopen\s*\(?.*\|"
)  # fmt: skip
_INLINE: Final = re.compile(r"-[A-Za-z]*[ceEr]|--eval|--execute|--command|--print|-p|eval")


def problems(text: str, variables: Mapping[str, str], *, strict: bool = True) -> Iterator[str]:
    """What the text does that must not be done. Strict: what can't be read is a problem too."""
    reading = _Reading(variables)
    yield from reading.problems(text, strict=strict, depth=0)
    if strict and reading.exhausted:
        yield CANNOT_BE_READ


def of_words(words: Sequence[str], variables: Mapping[str, str]) -> Iterator[str]:
    """The same of a command that no shell reads."""
    reading = _Reading(variables)
    yield from told_by_text("\n".join(words))
    yield from reading.of_command(Command(tuple(words)), depth=0)
    if reading.exhausted:
        yield CANNOT_BE_READ


def reads_input(text: str, variables: Mapping[str, str]) -> bool:
    """Whether the text hands its input to a program that runs it."""
    return len(text) > _LONGEST or any(
        name in _SHELLS | _FEEDERS
        or _CODE.fullmatch(name)
        or name in ("ssh", "read", "at", "batch", "eval", ".", "source", "su")
        for command in read(text, variables).commands
        for name in map(program, command.words)
    )


class _Reading:
    """One text with all that are in it: each is read once, and only so many, for texts in texts grow without end."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.exhausted = False
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}

    def problems(self, text: str, *, strict: bool, depth: int) -> tuple[str, ...]:
        """What one text does; a text inside itself says nothing new."""
        key = (text, strict)
        if key not in self._known:
            if depth > _DEEPEST or len(self._known) >= _MOST or len(text) > _LONGEST:
                self.exhausted = True
                return tuple(told_by_text(text))
            self._known[key] = ()
            self._known[key] = tuple(dict.fromkeys(self._found(text, strict=strict, depth=depth)))
        return self._known[key]

    def _found(self, text: str, *, strict: bool, depth: int) -> Iterator[str]:
        yield from told_by_text(text)
        script = read(text, self.variables)
        if strict and not script.readable:
            yield CANNOT_BE_READ
        self.exhausted = self.exhausted or len(script.commands) > _MOST_COMMANDS
        for command in script.commands[:_MOST_COMMANDS]:
            found = self.of_command(command, depth=depth)
            yield from found if strict else (one for one in found if one != CANNOT_BE_READ)
        for document in script.documents:
            yield from self._of_document(document, depth)
        if strict and _runs_a_download(script.commands):
            yield CANNOT_BE_READ

    def of_command(self, command: Command, *, depth: int) -> Iterator[str]:
        """What one command does, whichever of its words are the program: wrappers have it further on."""
        words = command.words[:_MOST_WORDS]
        self.exhausted = self.exhausted or len(command.words) > len(words)
        if not words:
            return
        if program(words[0]) in _DATA:
            yield from self._of_data(command, depth)
            return
        yield from told_by_text(" ".join(words))
        if command.input is not None:
            yield from self._of_document(command.input, depth)
        if _hides_program(words):
            yield CANNOT_BE_READ
        fed = (*words, UNKNOWN_WORDS) if {program(word) for word in words} & _FEEDERS else words
        last = only_arguments(words)
        for at in range(len(fed) if last is None else last + 1):
            yield from self._of_program(fed[at:], command, depth, first=at == 0)
        for word in words[1:]:
            if re.search(r"[\s;&|`$(<]", word) and UNKNOWN_WORDS not in word:
                inner = re.sub(r"^(?:-{0,2}[\w.:-]+=)*(?:ext::)?[:!\\\s]*", "", word)
                yield from self.problems(inner, strict=False, depth=depth + 1)

    def _of_document(self, text: str, depth: int) -> Iterator[str]:
        """A text that some program is given: with the commands of units, makefiles and editors in it."""
        for one in dict.fromkeys((text, _UNIT.sub("", text))):
            yield from self.problems(one, strict=False, depth=depth + 1)

    def _of_data(self, command: Command, depth: int) -> Iterator[str]:
        """A program that only prints or compares: its words matter where something else may read them."""
        name, words = program(command.words[0]), command.words
        if command.passed_on and name in ("echo", "printf"):
            yield from self.problems(" ".join(words[1:]), strict=False, depth=depth + 1)
        if command.passed_on and name in ("which", "type", "whereis") and _names_watched(words):
            yield CANNOT_BE_READ

    def _of_program(self, words: Sequence[str], command: Command, depth: int, *, first: bool) -> Iterator[str]:
        """What one program of the words does; a wrapper's program is one of them."""
        name = program(words[0])
        found = opening(words)
        if found:
            yield found
        if name in _SHELLS or (name == "su" and first):
            yield from self._of_shell(words, command, depth)
        elif name == "eval":
            yield from self._of_text(" ".join(words[1:]), depth)
        elif name == "env" and any(_SPLITS.match(word) for word in words[1:]):
            yield from self._of_text(" ".join(_SPLITS.sub("", word) for word in words[1:]), depth)
        elif _CODE.fullmatch(name):
            yield from _of_code(words, command)
        elif (first and _renames(words)) or (name == "ssh" and any(word[0] in _UNKNOWNS for word in words[2:] if word)):
            yield CANNOT_BE_READ

    def _of_shell(self, words: Sequence[str], command: Command, depth: int) -> Iterator[str]:
        """A shell runs the text after `-c`, a file, or its input."""
        for at, word in enumerate(words[1:], 1):
            if _ENCODED.match(word) and program(words[0]) in ("powershell", "pwsh"):
                yield CANNOT_BE_READ
            if _SCRIPT.fullmatch(word):
                yield from self._of_text(" ".join(words[at + 1 :]), depth)
                return
        files = [word for word in words[1:] if not word.startswith(("-", "+"))]
        if command.input is not None:
            yield from self._of_text(command.input, depth)
        elif (command.fed and not files) or any(_starts_unknown(word) or word.startswith("/dev/") for word in files):
            yield CANNOT_BE_READ

    def _of_text(self, text: str, depth: int) -> Iterator[str]:
        """A text that a shell reads anew: what isn't known in it could be any code."""
        if UNKNOWN in text or UNKNOWN_WORDS in text:
            yield CANNOT_BE_READ
        yield from self.problems(text, strict=True, depth=depth + 1)


def _hides_program(words: Sequence[str]) -> bool:
    """Whether nobody can say which program runs."""
    name = program(words[0])
    found = name == "find" and any(one.startswith(("-exec", "-ok")) and "{}" in two for one, two in pairwise(words))
    return found or _starts_unknown(words[0]) or (name in _WRAPPERS and _wraps_unknown(words))


def _names_watched(words: Sequence[str]) -> bool:
    """Whether a word names a program that is watched."""
    return any(program(word).startswith(NAMES) for word in words[1:])


def _renames(words: Sequence[str]) -> bool:
    """Whether a later word of the text means something else from here on, or comes from a file that isn't named."""
    if program(words[0]) in (".", "source"):
        return any(_starts_unknown(word) or word == "/dev/stdin" for word in words[1:2])
    return program(words[0]) in ("alias", "hash", "enable") and len(words) > 1


def _of_code(words: Sequence[str], command: Command) -> Iterator[str]:
    """Code on the command line of another language: refused where it names a watched program or runs others."""
    inline = [word for at, word in enumerate(words) if at and _INLINE.fullmatch(words[at - 1])]
    inline += [word for word in words[1:] if _AWKS.fullmatch(program(words[0])) or re.match("-[ceE].", word)]
    operands = [word for word in words[1:] if not word.startswith("-")]
    if command.input is not None:
        inline.append(command.input)
    elif (command.fed and not operands) or any(
        _starts_unknown(word) or word.startswith("/dev/") for word in operands[:1]
    ):
        yield CANNOT_BE_READ
    if any(one == "-m" and two.lower().startswith(NAMES) for one, two in pairwise(words)):
        yield CANNOT_BE_READ
    for code in inline:
        if any(name in re.sub(r"[\s'\"+,.\[\]()]", "", code.lower()) for name in NAMES) or _STARTS_OTHERS.search(code):
            yield CANNOT_BE_READ


def _starts_unknown(word: str) -> bool:
    """Whether nobody can say which program it is; a quoted folder before a known name is no matter."""
    return UNKNOWN_WORDS in word or UNKNOWN in word.rsplit("/", 1)[-1]


def _wraps_unknown(words: Sequence[str]) -> bool:
    """Whether the program behind a wrapper, its options and its assignments isn't known."""
    for word in words[1:]:
        if not word.startswith("-") and not re.match(r"\w+=", word):
            return _starts_unknown(word) and word.strip(UNKNOWN_WORDS) == ""
        if UNKNOWN_WORDS in word:
            return True
    return False


def _runs_a_download(commands: Sequence[Command]) -> bool:
    """Whether one command fetches or writes something and another one runs a file that is no installed program."""
    fetched = any(program(word) in _DOWNLOADS for command in commands for word in command.words[:2])
    written = any(one.passed_on and not one.fed and program(one.words[0]) in _DATA for one in commands if one.words)
    return (fetched or written) and any(_is_file(command.words) for command in commands if command.words)


def _is_file(words: Sequence[str]) -> bool:
    """Whether a file is run that stands nowhere in the system's folders."""
    own = "/" in words[0] and not re.match(r"/(?:usr/(?:local/)?)?s?bin/", words[0])
    read = program(words[0]) in _SHELLS | {".", "source"} or bool(_CODE.fullmatch(program(words[0])))
    return (
        own
        or (read and any(not word.startswith("-") for word in words[1:]) and "-c" not in words)
        or words[0] == "chmod"
    )
