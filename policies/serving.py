"""Whether a command serves data, or passes connections on to data: through shells, wrappers and users.

Only what stands where a program stands counts: an app that waits for `pg_isready` or names its driver serves none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from policies.openings import words_of
from policies.stores import DATA_PORTS, PROGRAMS, last_part

_WRAPPERS: Final = words_of(
    "exec nohup setsid env sudo time nice ionice tini dumb-init command builtin stdbuf until while if then do else ! --"
    " docker-entrypoint.sh entrypoint.sh catatonit timeout"
)
_USERS: Final = words_of("gosu su-exec runuser setpriv chroot su")  # the next word is a user or a folder
_SHELLS: Final = words_of("sh bash dash ash zsh ksh busybox")
_PROXIES: Final = words_of("haproxy nginx envoy traefik caddy rinetd simpleproxy gost stunnel redir ssh autossh")
_PROXY_IMAGES: Final = re.compile(r"nginx|haproxy|envoy|traefik|caddy|socat|proxy|stunnel|redir|gost|angie|kong|apisix")
_JAVA: Final = re.compile(
    r"\bkafka\.Kafka\b|org\.apache\.(?:cassandra|zookeeper)|org\.elasticsearch\.|org\.opensearch\."
)
_SERVICES: Final = re.compile(r"(?:service|/etc/init\.d/|systemctl start)\s*(?:postgres|mysql|mariadb|redis|mongo)")
_MENTIONED: Final = re.compile(r"[\s=:,\"'(\[]0*([0-9]{2,5})(?![\w.])")


def is_proxy_image(image: Any) -> bool:
    """Whether an image passes connections on, by its name."""
    return bool(_PROXY_IMAGES.search(last_part(image)))


def serves_data(words: Sequence[str]) -> bool:
    """Whether a command starts a data store, or relays to one, through shells and wrappers."""
    text = "\n".join(words)
    if _JAVA.search(text) or _SERVICES.search(text):
        return True
    return any(_serves(command) for command in _commands(words))


def names_data_port(text: str) -> bool:
    """Whether a text names a data port of some host, as a relay's configuration does."""
    return any(int(number) in DATA_PORTS for number in _MENTIONED.findall(text))


def _serves(command: Sequence[str]) -> bool:
    program, arguments = command[0].rsplit("/", 1)[-1].lower(), command[1:]
    if program in PROGRAMS or re.sub(r"-[0-9][\d.]*$", "", program) in PROGRAMS:
        return True
    if program == "socat":
        return any(re.match(r"(?i)[a-z0-9]+-(?:l|listen|recvfrom)\b", word) for word in arguments)
    given = " " + " ".join(arguments)
    if program in ("nc", "ncat", "netcat"):
        return names_data_port(given) and not any(re.fullmatch(r"-[a-z]*z[a-z]*", word) for word in arguments)
    return program in _PROXIES and names_data_port(given)


def _commands(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The simple commands of an argument list, those of a shell's script among them, without their wrappers."""
    command = _unwrapped(words)
    if not command:
        return
    yield command
    script = command[0].rsplit("/", 1)[-1] in (*_SHELLS, *_USERS)
    for word in command[1:] if script else ():
        if re.search(r"\s|[;&|<>]", word) or word in PROGRAMS:
            for part in re.split(r"[;&|\n(){}]+", word):
                inner = _unwrapped(re.sub(r"['\"\\]", "", re.sub(r"[<>,].*?(?=\s|$)", " ", part)).split())
                if inner:
                    yield inner


def _unwrapped(words: Sequence[str]) -> Sequence[str]:
    """A command without what stands before its program: wrappers, keywords, variables, users, options of these."""
    at, script = 0, "-c" in words
    while at < len(words):
        name = words[at].rsplit("/", 1)[-1]
        if name in _USERS and not script:
            at += 2
        elif name in _WRAPPERS or (at and words[at].startswith("-")) or re.match(r"[A-Za-z_]\w*=", words[at]):
            at += 1
        else:
            break
    return words[at:]
