"""Programs that never run what their words name: `mkdir /opt/docker` makes a folder.

Owns the table only. A program isn't here with an option that runs something; texts in its words are read all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from policies.openings import words_of

_ANY: Final = re.compile(".*", re.DOTALL)
_CONFIGURED: Final = re.compile(r"(?!-o|-c|--option|--conf|--setopt).*", re.DOTALL)
_OPTIONS: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(
        words_of(
            "mkdir rmdir rm ls stat du df chown chmod chgrp touch dirname basename realpath readlink file tree wc head"
            " tail cut tr id getent groups usermod useradd userdel groupadd groupmod groupdel gpasswd adduser addgroup"
            " deluser delgroup cd pushd pkill killall systemctl service dpkg dpkg-query pip pip3 cp ln mv install"
        ),
        _ANY,
    ),
    **dict.fromkeys(words_of("apt apt-get apt-cache apt-mark dnf yum microdnf apk zypper brew"), _CONFIGURED),
    "find": re.compile(r"(?!-exec|-ok).*", re.DOTALL),
    "rsync": re.compile(r"-[avzrltpgoDHAXxhnuqP]+|--(?:archive|delete|exclude|progress|partial|compress).*"),
    "tar": re.compile(r"-[ACcrtuxzjJvfpkmhSO]+|--(?:exclude|directory|file|gzip|zstd|xz|strip-components).*"),
    "git": re.compile(r"-q|-b|--depth.*|--branch.*|--single-branch|--recurse-submodules|--quiet"),
}
_INSTALLED: Final = re.compile(r"(?:/(?:usr/(?:local/)?)?s?bin/)?([\w.-]+)", re.ASCII)
_PREFIXES: Final = words_of("sudo nohup time exec command builtin env")
_PREFIX_OPTION: Final = re.compile(r"-[nEHS]|--|[A-Za-z_]\w*=[^\s$`]*", re.ASCII)


def only_arguments(words: Sequence[str]) -> int | None:
    """The place of the program after which all words are its arguments, None where one of them may be run.

    Only wrappers with options that take no word are followed: the word after another option isn't the program.
    """
    at = 0
    while at < len(words) and (words[at] in _PREFIXES or (at and _PREFIX_OPTION.fullmatch(words[at]))):
        if words[at] == "-S" and "env" in words[:at]:
            return None
        at += 1
    match = _INSTALLED.fullmatch(words[at]) if at < len(words) else None
    allowed = _OPTIONS.get(match[1]) if match else None
    rest = words[at + 1 :]
    if allowed is None or any(word.startswith("-") and not allowed.fullmatch(word) for word in rest):
        return None
    return None if any("ext::" in word for word in rest) else at
