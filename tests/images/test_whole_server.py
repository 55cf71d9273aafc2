"""What a restore of a whole server does to the folders of clusters; one that fails leaves the server as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from images.backup import repository, state, timelines, whole
from images.backup.common import BackupError, Settings

FORMER = timelines.History(2, {1: 0x5000000})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A server whose cluster is there, and a pgBackRest that restores what it is told to."""
    monkeypatch.setattr(state, "_LOCK", tmp_path / "lock")
    monkeypatch.setattr(state, "_RUNS", tmp_path / "runs.json")
    monkeypatch.setattr(timelines, "current", lambda *_: FORMER)
    monkeypatch.setattr(repository, "run", _restored)
    cluster = tmp_path / "data/pgdata"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")
    (cluster / "whose").write_text("former")
    return Settings(
        server="db", admin="admin", role="backup", cluster=str(cluster), sockets="", port=5432, preload="", schedules={}
    )


def _restored(command: str, *options: str) -> str:
    where = Path(next(one for one in options if one.startswith("--pg1-path=")).partition("=")[2])
    (where / "PG_VERSION").write_text("17\n")
    (where / "whose").write_text(" ".join([command, *options]))
    return ""


def _fails(command: str, *options: str) -> str:
    _restored(command, *options)
    raise BackupError("the repository has it no more")


def whose(settings: Settings) -> str:
    return Path(settings.cluster, "whose").read_text()


def folders(settings: Settings) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in Path(settings.cluster).parent.iterdir())


def test_the_restored_cluster_takes_the_place_of_the_former_and_gives_it_back(settings: Settings) -> None:
    whole.replace(settings, "20261121-020000F", "3", "2026-11-21T09:30:00+00:00")

    assert "--set=20261121-020000F" in whose(settings)
    assert "--type=time --target=2026-11-21T09:30:00+00:00" in whose(settings)
    assert "--target-timeline=3" in whose(settings)
    assert folders(settings) == ["pgdata", "pgdata.before"]
    whole.back(settings)
    assert whose(settings) == "former"
    assert folders(settings) == ["pgdata", "pgdata.before"]
    whole.finish(settings)
    assert (whose(settings), folders(settings)) == ("former", ["pgdata"])


def test_who_has_only_the_repository_knows_along_which_timeline_the_server_is(settings: Settings) -> None:
    assert timelines.known().target == "latest"
    whole.replace(settings, "20261121-020000F", "2", "")
    whole.back(settings)
    assert timelines.known() == FORMER, "the newest in the archive is that of the cluster which was left"
    whole.finish(settings)
    whole.replace(settings, "20261121-020000F", "2", "")
    assert timelines.known().target == "latest"


def test_a_restore_that_fails_leaves_the_cluster_and_nothing_beside_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "run", _fails)

    with pytest.raises(BackupError, match="has it no more"):
        whole.replace(settings, "20261121-020000F", "1", "")

    assert (whose(settings), folders(settings)) == ("former", ["pgdata"])


def test_what_a_run_left_that_was_cut_short_while_it_restored_is_made_anew(settings: Settings) -> None:
    left = Path(f"{settings.cluster}.restoring")
    left.mkdir()
    (left / "half").touch()

    whole.replace(settings, "20261121-020000F", "1", "")

    assert not Path(settings.cluster, "half").exists()


def test_a_run_cut_short_between_the_two_names_is_undone_and_its_cluster_not_deleted(settings: Settings) -> None:
    cluster = Path(settings.cluster)
    cluster.rename(f"{cluster}.before-20261121T093000Z")

    with pytest.raises(BackupError, match="--back puts it in its place again"):
        whole.replace(settings, "20261121-020000F", "1", "")
    with pytest.raises(BackupError, match="is the only cluster that is there"):
        whole.finish(settings)
    assert whole.back(settings) == {"kept": None}
    assert whose(settings) == "former"


@pytest.mark.parametrize("step", [whole.back, whole.finish])
def test_without_a_former_cluster_nothing_is_changed(settings: Settings, step: object) -> None:
    with pytest.raises(BackupError, match="there is no cluster of before a restore: nothing was changed"):
        step(settings)  # type: ignore[operator]
    assert (whose(settings), folders(settings)) == ("former", ["pgdata"])
