"""The file backend: layout, atomic writes, locks, and what is refused."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import ENGINE_VERSION, Backend, Codec, Resource, files
from embedded.state.checkpoint import Checkpoint

NO_URN = '{"version":3,"checkpoint":{"latest":{"resources":[{}]}}}'
URN = "urn:pulumi:dev::demo::random:index/randomId:RandomId::id"


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    made = Backend.from_url(f"file://{tmp_path}", "demo")
    made.create("dev")
    return made


@pytest.fixture(scope="session")
def secrets() -> PassphraseSecrets:
    return PassphraseSecrets.create("x")


def test_layout_of_a_new_stack_is_the_clis(backend: Backend) -> None:
    home = backend.root / ".pulumi"
    assert (home / "meta.yaml").read_text() == "version: 1\n"
    written = json.loads((home / "stacks/demo/dev.json").read_text())
    assert (written["version"], written["checkpoint"]["stack"]) == (3, "organization/demo/dev")
    assert list(written["checkpoint"]["latest"]) == ["manifest", "metadata"]
    assert (home / "locks/organization/demo/dev").is_dir()


def test_nobody_else_can_read_the_state(backend: Backend, secrets: PassphraseSecrets) -> None:
    backend.save("dev", Checkpoint("organization/demo/dev", Codec(secrets)))
    for path in (backend.root / ".pulumi").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE((backend.root / ".pulumi").stat().st_mode) == 0o700


def test_a_save_keeps_the_one_before_and_drops_stale_checksums(backend: Backend, secrets: PassphraseSecrets) -> None:
    path = backend.path("dev")
    before = path.read_text()
    path.with_name("dev.json.attrs").write_text("{}")
    checkpoint = backend.load("dev", secrets)
    checkpoint.resources.append(Resource(urn=URN, type="t", custom=True, id="1"))
    backend.save("dev", checkpoint)
    assert path.with_name("dev.json.bak").read_text() == before
    assert backend.load("dev", secrets).resources == checkpoint.resources
    assert sorted(item.name for item in path.parent.iterdir()) == ["dev.json", "dev.json.bak"]
    manifest = backend.deployment("dev")["manifest"]
    assert manifest["version"] == ENGINE_VERSION
    assert len(manifest["magic"]) == 64


def test_the_manifest_names_the_installed_sdk() -> None:
    from importlib.metadata import version

    assert f"v{version('pulumi')}" == ENGINE_VERSION


def test_a_failed_write_leaves_the_old_state(
    backend: Backend, secrets: PassphraseSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = backend.path("dev").read_text()
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(EngineError, match=r"dev\.json: No space left"):
        backend.save("dev", Checkpoint("organization/demo/dev", Codec(secrets)))
    assert [item.name for item in backend.path("dev").parent.iterdir()] == ["dev.json"]
    assert backend.path("dev").read_text() == before


def test_saving_again_encodes_only_what_has_changed(backend: Backend, secrets: PassphraseSecrets) -> None:
    resources = [
        Resource(urn=f"{URN}-{index}", type="t", custom=True, id="1", outputs={"a": {"b": ["c"] * 50}})
        for index in range(500)
    ]
    checkpoint = Checkpoint("organization/demo/dev", Codec(secrets), resources)
    began = time.process_time()
    checkpoint.encoded()
    cold = time.process_time() - began
    began = time.process_time()
    checkpoint.encoded()
    assert time.process_time() - began < cold / 3


def test_a_truncated_file_names_itself_and_the_one_before(backend: Backend, secrets: PassphraseSecrets) -> None:
    backend.save("dev", backend.load("dev", secrets))
    path = backend.path("dev")
    path.write_text(path.read_text()[:40])
    with pytest.raises(EngineError, match=r"dev\.json: damaged state file .line 1, column \d+.; .*dev\.json\.bak"):
        backend.load("dev", secrets)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"x"',
        '{"version":3}',
        '{"version":3,"checkpoint":[]}',
        NO_URN,
    ],
)
def test_a_file_of_another_shape_is_called_damaged(backend: Backend, secrets: PassphraseSecrets, text: str) -> None:
    backend.path("dev").write_text(text)
    with pytest.raises(EngineError, match="damaged state file"):
        backend.load("dev", secrets)


@pytest.mark.parametrize("version", [1, 2, 4])
def test_another_checkpoint_version_is_refused(backend: Backend, secrets: PassphraseSecrets, version: int) -> None:
    backend.path("dev").write_text(json.dumps({"version": version, "checkpoint": {"latest": {"resources": []}}}))
    with pytest.raises(EngineError, match=f"unsupported checkpoint version {version}"):
        backend.load("dev", secrets)


def test_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".pulumi/stacks").mkdir(parents=True)
    (tmp_path / ".pulumi/stacks/old.json").write_text("{}")
    with pytest.raises(EngineError, match="layout 0"):
        Backend.from_url(f"file://{tmp_path}", "demo")
    (tmp_path / ".pulumi/meta.yaml").write_text("version: 2\n")
    with pytest.raises(EngineError, match="layout 2"):
        Backend.from_url(f"file://{tmp_path}", "demo")


def test_compressed_state_is_refused(backend: Backend) -> None:
    backend.path("dev").rename(backend.path("dev").with_name("dev.json.gz"))
    with pytest.raises(EngineError, match="compressed"):
        backend.exists("dev")


def test_a_stack_is_made_once_and_found_by_any_of_its_names(backend: Backend) -> None:
    assert backend.exists("organization/demo/dev")
    assert not backend.exists("prod")
    assert [item.name for item in backend.list_stacks()] == ["dev"]
    with pytest.raises(EngineError, match="'organization/demo/dev' already exists"):
        backend.create("dev")
    with pytest.raises(EngineError, match="no stack named 'prod' found"):
        backend.load("prod", None)


@pytest.mark.parametrize("name", ["", "a b", "../x", "acme/dev", "organization/other/dev", "a" * 101])
def test_a_name_that_cannot_be_is_refused(backend: Backend, name: str) -> None:
    with pytest.raises(EngineError, match="stack"):
        backend.path(name)


def test_cloud_backends_are_refused_without_showing_credentials() -> None:
    with pytest.raises(EngineError, match="use the Pulumi CLI") as caught:
        Backend.from_url("https://me:hunter22@api.example.com", "demo")
    assert "hunter22" not in str(caught.value)


def test_home_and_relative_folders_are_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    assert Backend.from_url("file://~", "demo").root == tmp_path
    assert Backend.from_url("file://~/x", "demo").root == tmp_path / "x"
    assert Backend.from_url("file://./x", "demo").root == tmp_path / "x"
    with pytest.raises(EngineError, match="no such directory"):
        Backend.from_url("file://./y", "demo")


def test_a_second_lock_is_refused_with_who_holds_it(backend: Backend) -> None:
    with backend.lock("dev"):
        [lock] = (backend.root / ".pulumi/locks/organization/demo/dev").glob("*.json")
        with pytest.raises(EngineError) as caught, backend.lock("dev"):
            pass
        first, second = str(caught.value).splitlines()
        assert first == (
            "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
            "lock file with `pulumi cancel`."
        )
        assert second.startswith(f"  file://{lock}?no_tmp_dir=true: created by ")
        assert f"(pid {os.getpid()}) at 20" in second
    with backend.lock("dev"):
        pass


def test_a_lock_of_the_cli_counts_and_its_side_file_does_not(backend: Backend) -> None:
    folder = backend.root / ".pulumi/locks/organization/demo/dev"
    (folder / "a.json.attrs").write_text("{}")
    with backend.lock("dev"):
        pass
    (folder / "a.json").write_text(
        '{"pid":23571,"username":"root","hostname":"vm","timestamp":"2026-11-21T04:40:59.113Z"}'
    )
    with (
        pytest.raises(EngineError, match=r"created by root@vm \(pid 23571\) at 2026-11-21T04:40:59Z"),
        backend.lock("dev"),
    ):
        pass
    assert backend.clear_locks("dev") == 1
    assert list(folder.iterdir()) == []


def test_a_lock_that_cannot_be_written_is_one_message_and_no_lock(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", full)
        with pytest.raises(EngineError, match=r"the stack can't be locked: .*: No space left"), backend.lock("dev"):
            pass
    with backend.lock("dev"):
        pass


def test_an_unreadable_lock_still_locks(backend: Backend) -> None:
    (backend.root / ".pulumi/locks/organization/demo/dev/a.json").write_text("{")
    with pytest.raises(EngineError, match="unreadable lock file"), backend.lock("dev"):
        pass


def test_a_lock_is_given_back_after_a_failure(backend: Backend) -> None:
    with pytest.raises(RuntimeError), backend.lock("dev"):
        raise RuntimeError
    with backend.lock("dev"):
        pass


def test_a_new_stack_remembers_its_salt(backend: Backend, secrets: PassphraseSecrets) -> None:
    backend.create("prod", secrets)
    assert backend.salt("prod") == secrets.salt
    assert backend.load("prod", secrets).resources == []


def test_a_stack_that_was_only_named_is_an_empty_one(backend: Backend, secrets: PassphraseSecrets) -> None:
    backend.path("dev").write_text('{"version":3,"checkpoint":{"stack":"organization/demo/dev"}}')
    assert backend.load("dev", secrets).resources == []
    assert backend.list_stacks()[0].resource_count is None
