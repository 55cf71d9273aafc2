"""The mirror, the proxy and the certificates are those of this machine's apt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from images import apt
from images.errors import ImageError

Command = Callable[[str, str], Path]


def _targets(command: Command, *lines: str) -> None:
    body = "\n".join(line.replace("|", "\t") for line in lines)
    command("apt-get", f"cat <<'END'\n{body}\nEND")


def test_the_mirror_is_the_one_that_apt_knows_as_debian(command: Command):
    _targets(command, "target|Node Source|https://node.test/|/n.gpg", "target|Debian|http://mirror.test/debian/|/k.gpg")
    assert apt.mirror() == apt.Mirror("http://mirror.test/debian/", "/k.gpg")


def test_before_the_first_update_it_is_the_first_archive_that_is_not_for_security_alone(command: Command):
    _targets(command, "target||http://mirror.test/debian-security/|", "target||http://mirror.test/debian/|")
    assert apt.mirror() == apt.Mirror("http://mirror.test/debian/")


def test_a_key_written_into_the_sources_themselves_is_not_taken_for_a_file(command: Command):
    _targets(command, "target|Debian|http://mirror.test/debian/|-----BEGIN PGP PUBLIC KEY BLOCK-----", ".", "=abcd")
    assert apt.mirror() == apt.Mirror("http://mirror.test/debian/")


def test_without_a_mirror_the_error_says_where_to_name_one(command: Command):
    _targets(command, "target|Node Source|https://node.test/|")
    with pytest.raises(ImageError, match=r"apt names no Debian mirror.*sources\.list"):
        apt.mirror()


def test_the_source_names_the_keyring_that_this_machine_trusts_for_it():
    assert (
        apt.Mirror("http://m.test/", "/k.gpg").source("trixie") == "deb [signed-by=/k.gpg] http://m.test/ trixie main\n"
    )
    assert apt.Mirror("http://m.test/").source("trixie") == "deb http://m.test/ trixie main\n"


def test_what_decides_on_fetching_is_passed_on_and_nothing_else(command: Command):
    command(
        "apt-config",
        """cat <<'END'
Dir "/";
Dir::Etc::netrcparts "auth.conf.d";
Dir::Etc::sourceparts "sources.list.d";
Acquire::http "";
Acquire::http::Proxy "http://user:word@proxy.test:3128";
Acquire::http::Proxy::mirror.test "DIRECT";
Acquire::https::CaInfo "/etc/ssl/own ca.pem";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "none";
APT::Architecture "amd64";
END""",
    )
    assert apt.settings().splitlines() == [
        'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";',
        'Acquire::http::Proxy "http://user:word@proxy.test:3128";',
        'Acquire::http::Proxy::mirror.test "DIRECT";',
        'Acquire::https::CaInfo "/etc/ssl/own ca.pem";',
        'Acquire::Check-Valid-Until "false";',
        'APT::Install-Recommends "false";',
    ]


def test_where_there_is_no_apt_the_error_says_that_it_takes_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match="images are built on Debian"):
        apt.mirror()
