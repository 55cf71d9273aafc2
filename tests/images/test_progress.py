"""Long tasks show that they go on, and a failure ends them."""

from __future__ import annotations

import threading

import pytest

from images import progress
from images.errors import ImageError


def test_every_task_has_a_line_at_its_start_and_one_with_seconds_at_its_end(capsys: pytest.CaptureFixture[str]):
    seconds = progress.run_all({"one": lambda: None, "two": lambda: None}, at_once=1)
    assert list(seconds) == ["one", "two"]
    assert capsys.readouterr().out.splitlines() == ["building one", "built one (0s)", "building two", "built two (0s)"]


def test_a_task_that_takes_long_is_heard_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(progress, "_PLAIN_SECONDS", 0.05)
    ended = threading.Event()
    progress.run_all({"slow": lambda: ended.wait(0.4) and None}, at_once=1)
    assert capsys.readouterr().out.count("building slow (0s)") >= 2


def test_after_a_failure_no_other_task_begins():
    begun: list[str] = []

    def fail() -> None:
        raise ImageError("no mirror")

    with pytest.raises(ImageError, match="no mirror"):
        progress.run_all({"bad": fail, "next": lambda: begun.append("next")}, at_once=1)
    assert begun == []


def test_two_at_once_are_two_at_once():
    both = threading.Barrier(2, timeout=10)
    progress.run_all({"one": lambda: both.wait() and None, "two": lambda: both.wait() and None}, at_once=2)
