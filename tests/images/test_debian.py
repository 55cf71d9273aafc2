"""The call of mmdebstrap: what it is told, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from images import debian, recipes
from images.errors import ImageError
from tests.images.conftest import FakeDaemon

Command = Callable[[str, str], Path]
SECRET = "http://user:word@proxy.test:3128"


@pytest.fixture
def machine(command: Command) -> Path:
    """A Debian machine behind a proxy with a password, and an mmdebstrap that notes what it is told and fails."""
    command("apt-get", "printf 'target\\tDebian\\thttp://mirror.test/debian/\\t\\n'")
    command("apt-config", f"echo 'Acquire::http::Proxy \"{SECRET}\";'")
    return command(
        "mmdebstrap",
        """here=$(dirname "$0")
printf '%s\\n' "$@" >"$here/arguments"
for argument; do
    case $argument in
    --aptopt=*) cat "${argument#--aptopt=}" >"$here/settings" ;;
    *sources.list) [ ! -f "$argument" ] || cat "$argument" >"$here/sources" ;;
    esac
done
echo 'Err: the mirror does not answer' >&2
exit 25""",
    )


def test_a_failed_download_is_one_error_with_the_last_words_and_imports_nothing(machine: Path, fake_daemon: FakeDaemon):
    with pytest.raises(ImageError) as failed:
        debian.build(recipes.redis())
    assert "data-tier/redis:8: mmdebstrap failed with exit code 25" in str(failed.value)
    assert "the mirror does not answer" in str(failed.value)
    assert fake_daemon.asked == []


def test_the_proxy_password_is_in_a_file_and_not_among_the_arguments(machine: Path):
    with pytest.raises(ImageError) as failed:
        debian.build(recipes.redis())
    assert SECRET in (machine / "settings").read_text()
    assert (machine / "sources").read_text() == "deb http://mirror.test/debian/ trixie main\n"
    arguments = (machine / "arguments").read_text()
    assert "word" not in arguments + str(failed.value)
    assert "--include=redis-server,redis-tools" in arguments


def test_an_import_that_did_not_happen_is_an_error_even_when_an_older_image_is_there(
    command: Command, machine: Path, fake_daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    command("mmdebstrap", 'for argument; do case $argument in *root.tar) echo tar >"$argument" ;; esac; done')
    old = {recipes.RECIPE_LABEL: "of yesterday"}
    fake_daemon.answers["/images/data-tier/redis:8/json"] = (200, {"Id": "x", "Config": {"Labels": old}})
    fake_daemon.answers["/images/create"] = (200, {"error": "no space left on device"})
    with pytest.raises(ImageError, match=r"did not import it.*no space left"):
        debian.build(recipes.redis())
