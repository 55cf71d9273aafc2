"""Durations in Go's own form."""

from __future__ import annotations

import pytest

from embedded.providers.docker import _durations


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0s"),
        ("0s", "0s"),
        ("60s", "1m0s"),
        ("1m30s", "1m30s"),
        ("3600s", "1h0m0s"),
        ("1.5h", "1h30m0s"),
        ("1500ms", "1.5s"),
        ("250ms", "250ms"),
        ("1.5ms", "1.5ms"),
        ("20us", "20µs"),
        ("7ns", "7ns"),
        ("1s1ms", "1.001s"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(text, written):
    assert _durations.normal(text) == written
    assert _durations.normal(written) == written


@pytest.mark.parametrize("text", ["", "60", "-1s", "1 s", "1d", "s", "one"])
def test_what_go_would_not_take_is_refused(text):
    assert _durations.invalid(text)
