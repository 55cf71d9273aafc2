"""How this machine's apt is set up, so that images come from the same mirror by the same proxy and certificates.

Reads only; names no host of its own.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import Final

from images.errors import ImageError

# what decides how files are fetched and whether they are believed; where apt keeps its own files is not passed on
_PASSED_ON: Final = re.compile(
    r'^(Acquire::(?:Retries|Check-Valid-Until|Check-Date|https?::\S+)|Dir::Etc::netrc(?:parts)?) "(.+)";$', re.MULTILINE
)
_FORMAT: Final = "\t".join(("target", "$(LABEL)", "$(REPO_URI)", "$(SIGNED_BY)"))


@dataclass(frozen=True)
class Mirror:
    """An archive of Debian, and the keyring that this machine trusts for it; empty where that is apt's own."""

    uri: str
    signed_by: str = ""

    def source(self, suite: str) -> str:
        """The line of a sources.list for `suite`."""
        option = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {option}{self.uri} {suite} main\n"


def mirror() -> Mirror:
    """The mirror that this machine's apt uses for Debian itself. Raises ImageError where it uses none."""
    targets = [line.split("\t") for line in _output("apt-get", "indextargets", "--format", _FORMAT).splitlines()]
    found = [(target[1], target[2], target[3]) for target in targets if target[0] == "target" and len(target) > 3]  # noqa: PLR2004
    # before the first update apt knows no labels: then the first archive that isn't for security updates alone
    for label, uri, key in sorted(found, key=lambda target: target[0] != "Debian"):
        if label == "Debian" or (not label and "security" not in uri):
            return Mirror(uri, key if key.startswith("/") else "")
    raise ImageError("apt names no Debian mirror: `apt-get indextargets` must list one; mend /etc/apt/sources.list")


def settings() -> str:
    """Proxies, certificates, credentials files and dates as this machine's apt has them, as text for another's."""
    config = _output("apt-config", "dump")
    lines = [f'{key} "{_absolute(key, value)}";' for key, value in _PASSED_ON.findall(config)]
    return "".join(f"{line}\n" for line in [*lines, 'APT::Install-Recommends "false";'])


def _absolute(key: str, value: str) -> str:
    return f"/etc/apt/{value}" if key.startswith("Dir::") and not value.startswith("/") else value


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, text=True, check=True, capture_output=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise ImageError(f"{command[0]} can't be asked ({type(error).__name__}): images are built on Debian") from None
