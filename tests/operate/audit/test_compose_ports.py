"""Every spelling of a published port in a compose file, as the provider's ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.audit import compose
from operate.audit.errors import InputError
from operate.audit.resources import UNKNOWN, UNKNOWN_ITEM, Resource
from policies.containers import CONTAINER


def container(folder: Path, text: str) -> Resource:
    """The only service of a compose file, with the given lines below `image`."""
    path = folder / "compose.yaml"
    path.write_text(f"services:\n  db:\n    image: postgres:17\n    {text}\n")
    [found] = [one for one in compose.read([path]).resources if one.type == CONTAINER]
    return found


def ports(folder: Path, entry: str) -> list[tuple[object, object, object, object]]:
    found = container(folder, f"ports: [{entry}]").props["ports"]
    return [(one["internal"], one.get("external"), one.get("ip"), one["protocol"]) for one in found]


@pytest.mark.parametrize(
    ("entry", "internal", "external", "ip"),
    [
        ('"5432"', 5432, None, None),
        ("5432", 5432, None, None),
        ('"5432:5432"', 5432, 5432, None),
        ("5432:5432", 5432, 5432, None),
        ("22:22", 22, 22, None),
        ('"15432:5432/tcp"', 5432, 15432, None),
        ('"127.0.0.1:5432:5432"', 5432, 5432, "127.0.0.1"),
        ('"[::1]:5432:5432"', 5432, 5432, "::1"),
        ('"::1:5432:5432"', 5432, 5432, "::1"),
        ('"[::]:5432:5432"', 5432, 5432, "::"),
        ('"0.0.0.0::5432"', 5432, None, "0.0.0.0"),
        ('":5432:5432"', 5432, 5432, ""),
        ('"0:5432"', 5432, None, None),
        ('"localhost:5432:5432"', 5432, 5432, "localhost"),
        ("{target: 5432}", 5432, None, None),
        ('{target: 5432, published: "15432"}', 5432, 15432, None),
        ("{target: 5432, published: 15432, host_ip: 127.0.0.1, mode: host}", 5432, 15432, "127.0.0.1"),
        ('{target: "5432", host_ip: "::", published: ""}', 5432, None, "::"),
        ('"5000-5010:5432"', 5432, "5000-5010", None),
        ('{target: 5432, published: "5000-5010"}', 5432, "5000-5010", None),
        ('"1-65535:1-65535"', "1-65535", "1-65535", None),
    ],
)
def test_one_entry_is_one_port(tmp_path, entry, internal, external, ip):
    assert ports(tmp_path, entry) == [(internal, external, ip, "tcp")]


def test_a_range_is_as_many_ports(tmp_path):
    assert [one[0] for one in ports(tmp_path, '"3000-3005"')] == list(range(3000, 3006))
    assert [one[:2] for one in ports(tmp_path, '"5432-5433:6432-6433"')] == [(6432, 5432), (6433, 5433)]


def test_the_protocol_is_kept(tmp_path):
    assert ports(tmp_path, '"53:53/udp"')[0][3] == "udp"
    assert ports(tmp_path, "{target: 53, protocol: udp}")[0][3] == "udp"


def test_a_default_is_taken(tmp_path):
    assert ports(tmp_path, '"${BIND:-127.0.0.1}:${PORT:-5432}:5432"') == [(5432, 5432, "127.0.0.1", "tcp")]


def test_a_port_without_a_value_hides_neither_the_port_inside_nor_the_missing_address(tmp_path):
    assert ports(tmp_path, '"${PORT}:5432"') == [(5432, UNKNOWN, None, "tcp")]
    assert ports(tmp_path, '"${PORT:?set it}:5432"') == [(5432, UNKNOWN, None, "tcp")]


def test_an_address_without_a_value_is_unknown(tmp_path):
    assert ports(tmp_path, '"${BIND}:5432:5432"') == [(5432, 5432, UNKNOWN, "tcp")]
    assert ports(tmp_path, '{target: 5432, host_ip: "${BIND}"}') == [(5432, None, UNKNOWN, "tcp")]


def test_an_entry_that_is_one_variable_is_unknown(tmp_path):
    assert container(tmp_path, 'ports: ["${WHATEVER}"]').props["ports"] == [UNKNOWN_ITEM]


def test_each_port_is_told_where_it_is_written(tmp_path):
    found = container(tmp_path, 'ports: ["80-82", "5432"]')
    assert [found.place(f"ports[{at}].ip") for at in (2, 3)] == ["services.db.ports[0].ip", "services.db.ports[1].ip"]


@pytest.mark.parametrize(
    "entry", ['"abc"', '"5432:abc"', "1.5", "true", '"70000"', '"1-2:1-3"', "{published: 1}", '"9-1"', "{target: x}"]
)
def test_what_compose_refuses_is_refused_with_its_place(tmp_path, entry):
    with pytest.raises(InputError, match=r"services\.db\.ports\[0\]"):
        ports(tmp_path, entry)


@pytest.mark.parametrize("text", ["ports:", "ports: []"])
def test_missing_and_empty_ports_are_none(tmp_path, text):
    assert container(tmp_path, text).props["ports"] == []
