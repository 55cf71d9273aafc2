"""What a text says whoever reads it: sockets of engines, addresses of servers, rights given by SQL.

Patterns have bounded gaps: a text of any length is read in time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.openings import GRANTS, OPENS, STARTS

_NAME: Final = r"[\"'\\]{0,2}"  # quotes around a name, of SQL or of the shell around it
_TEXTS: Final = (
    (r"(?:docker|podman|containerd)\.sock|/(?:containers|services)/create|[:/]237[56]\b", STARTS),
    (r"(?i)\bmount\s[^\n;|&]{0,80}\s/(?:var/)?run/?(?:\s|$)", STARTS),
    (r"(?i)\blisten_addresses\b.{0,20}(?:=|\bto\b)|\bset\s{1,9}listen_addresses\b", OPENS),
    (r"(?i)\b(?:protected-mode\s+no|config\s+set\s+(?:bind|protected-mode))\b", OPENS),
    (r"(?i)\bhost(?:ssl|nossl)?\s+\S+\s+\S+\s+(?:0\.0\.0\.0/0|::/0|all)\b", OPENS),
    (r"route_localnet|/etc/docker/daemon\.json|/etc/ufw/|/etc/iptables/|/etc/nftables\.conf", OPENS),
    (r"\bauthorize-security-group-ingress\b|\bfirewall-rules\s{1,9}(?:create|update)\b", OPENS),
    (r"\bnsg\s{1,9}rule\s{1,9}(?:create|update)\b|\bfirewall\s{1,9}(?:add|set|replace)-rules?\b", OPENS),
    (r"(?i)\b(?:New|Set)-NetFirewall|\badvfirewall\s{1,9}(?:set|firewall\s{1,9}add)\b|\bportproxy\s{1,9}add\b", OPENS),
    (
        r"(?i)\b(?:alter|create)\s{1,9}(?:role|user|group)\s[^;]{0,200}?"
        r"\b(?:superuser|createrole|createdb|replication|bypassrls)\b",
        GRANTS,
    ),
    (r"(?i)\bgrant\s(?:(?!\bgrant\s)[^;]){0,300}?\bto\s(?:(?!\bgrant\s)[^;]){0,100}?\bpublic\b", GRANTS),
    (rf"(?i)\bgrant\s[^;]{{0,100}}?(?:\bpg_[a-z_]+|\bpostgres|_superuser){_NAME}(?:\s|,[^;]{{0,100}}?\s)to\s", GRANTS),
    (r"(?i)\bcopy\b[^;]{0,300}?\b(?:to|from)\s{1,9}program\b", GRANTS),
    (rf"(?i)\bacl{_NAME}\s{{1,9}}{_NAME}setuser\b[^;\n]{{0,300}}?\bnopass\b", GRANTS),
    (r"(?i)\bconfig\s{1,9}set\s{1,9}requirepass\s{0,9}(?:\"\"|''|[;\n]|$)", GRANTS),
)
_PATTERNS: Final = tuple((re.compile(pattern), meaning) for pattern, meaning in _TEXTS)


def told_by_text(text: str) -> Iterator[str]:
    """What a text says that must not be done."""
    yield from dict.fromkeys(meaning for pattern, meaning in _PATTERNS if pattern.search(text))
