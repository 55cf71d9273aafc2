"""The report's page and its charts: what is on them, that names can't break out, that scales are round."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from operate.connections import Use
from operate.prometheus import Alert
from operate.report import proofs
from operate.report.chart import Chart, draw, shown
from operate.report.page import Page, page
from operate.report.proofs import Proof
from operate.status import Part, Report

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVIL = '<script>alert("x")</script>&'


def chart(unit: str = "", **lines: list[tuple[float, float]]) -> Chart:
    return Chart(title="Connections", unit=unit, begin=0, end=3600, step=60, lines=lines)


def every_minute(value: float, first: int = 0, last: int = 60) -> list[tuple[float, float]]:
    return [(minute * 60.0, value) for minute in range(first, last)]


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own


def lines(text: str) -> list[str]:
    return [one.attrib["d"] for one in parsed(text).iter("path") if "line" in one.attrib["class"]]


def labels(text: str) -> list[str]:
    return [one.text or "" for one in parsed(text).iter("text")]


def report(**changes: Any) -> Report:
    parts = (Part(name="db", role="postgres", app=None, state="running", health="healthy"),)
    uses = (Use(app="shop", server="db", store="shop", connections=9, limit=10, bytes=1024),)
    made: dict[str, Any] = {"stack": "dev", "running": True, "parts": parts, "uses": uses, "volumes": {"db-data": 4096}}
    return Report(**{**made, "certificates": {"db": NOW + timedelta(days=100)}, **changes})


def written(found: Report, **changes: Any) -> str:
    made: dict[str, Any] = {
        "stack": "dev",
        "at": NOW,
        "hours": 6,
        "found": found,
        "charts": [chart(db=every_minute(3))],
    }
    return page(Page(**{**made, "proofs": [], **changes}))


def alert(severity: str = "critical", **changes: str) -> Alert:
    told = {
        "name": "DiskFull",
        "server": "db",
        "since": "2026-11-21T11:00:00Z",
        "summary": "full",
        "remedy": "make room",
    }
    return Alert(severity=severity, **{**told, **changes})


def test_a_line_goes_over_the_whole_width_and_a_gap_stays_one():
    assert len(lines(draw(chart(db=every_minute(3))))) == 1
    assert len(lines(draw(chart(db=every_minute(3, 0, 20) + every_minute(3, 30, 60))))) == 2


def test_a_single_value_and_one_that_is_no_number_do_not_break_it():
    assert len(lines(draw(chart(db=[(60.0, 1.0)])))) == 1
    assert lines(draw(chart(db=[(60.0, float("nan"))]))) == []
    assert "inf" not in draw(chart(db=[(60.0, float("inf")), (120.0, 2.0)]))


@pytest.mark.parametrize(
    ("most", "unit", "wanted"),
    [
        (3, "", ["0", "1", "2", "3", "4"]),
        (37, "", ["0", "10", "20", "30", "40"]),
        (0.4, "%", ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (3 * 1024**2, "B", ["0 B", "1 MiB", "2 MiB", "3 MiB", "4 MiB"]),
        (0, "", ["0", "1", "2", "3", "4"]),
    ],
)
def test_a_scale_has_round_numbers(most: float, unit: str, wanted: list[str]):
    assert labels(draw(chart(unit, db=every_minute(most))))[:5] == wanted


def test_a_value_above_a_share_of_one_is_seen():
    assert labels(draw(chart("%", db=every_minute(1.2))))[4] == "120 %"


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (0.9512, "%", "95.1 %"),
        (1, "%", "100 %"),
        (1536, "B", "1.5 KiB"),
        (12345.6, "/s", "12346 /s"),
        (0.25, "s", "0.25 s"),
    ],
)
def test_values_are_short(value: float, unit: str, wanted: str):
    assert shown(value, unit) == wanted


def test_names_cannot_break_out_of_the_page():
    found = report(
        parts=(Part(name=EVIL, role=EVIL, app=EVIL, state=EVIL, problem=EVIL),),
        uses=(Use(app=EVIL, server=EVIL, store=EVIL, connections=1),),
        volumes={EVIL: 1},
        certificates={EVIL: NOW},
        alerts=(alert(name=EVIL, server=EVIL, summary=EVIL, remedy=EVIL),),
    )
    saved = [Proof(server=EVIL, type=EVIL, made=1.0, size=1.0, problem=EVIL)]
    bad = Chart(title=EVIL, unit="", begin=0, end=60, step=5, lines={EVIL: [(1.0, 1.0), (6.0, 2.0)]})
    text = written(found, stack=EVIL, charts=[bad], proofs=saved) + written(found, missing=EVIL)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 15


class _Balanced(HTMLParser):
    """Follows which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the parser's
        if tag not in {"meta"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        """Ends where it starts."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_whole_and_asks_nobody_for_anything():
    text = written(report(alerts=(alert(),)), proofs=[Proof(server="db", type="full", made=1.0, size=1.0, tested=1.0)])
    parser = _Balanced()
    parser.feed(text)
    assert (parser.open, parser.wrong) == ([], [])
    assert not re.search(r"(?:src|href)=|@import|url\(|https?://", text)
    assert "default-src 'none'" in text


def test_the_verdict_says_the_worst():
    assert "Everything runs, no alert fires" in written(report())
    assert "Everything runs</h2>" in written(report(), charts=[], missing="not monitored")
    assert "1 warning" in written(report(alerts=(alert("warning"),)))
    assert "0 problems, 1 alert" in written(report(alerts=(alert(),)))
    broken = (Part(name="db", role="postgres", app=None, state="exited", problem="stopped by hand"),)
    assert "1 problem, 0 alerts" in written(report(parts=broken))


def test_a_backup_that_failed_after_the_last_good_one_is_said():
    hour = NOW.timestamp() - 3600

    def told(**runs: dict[str, float | str]) -> str:
        backups = [{"type": "full", "stored": 1.0}, {"type": "full", "stored": 2048.0}]
        return written(report(), proofs=list(proofs.of_server("postgres", {"runs": runs, "backups": backups})))

    good = {"success": hour, "failure": hour - 1, "error": "before"}
    well = told(full=good, restore_test=good)
    assert "1.0 h ago" in well
    assert f"<td>{shown(2048.0, 'B')}</td>" in well
    assert "failed" not in well
    assert "the last backup failed: no room" in told(full={"success": hour, "failure": hour + 1, "error": "no room"})
    refuted = {"success": hour, "failure": hour + 1, "error": "t has other rows"}
    assert "the last restore test failed: t has other rows" in told(full=good, restore_test=refuted)
    assert "never" in told(full=good)
