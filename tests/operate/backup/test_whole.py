"""Which server restore-server means, and what it refuses before it touches anything."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from operate.backup import whole
from operate.errors import OperateError
from operate.stack import parse
from tests.operate.outputs import outputs

NOBODY = Mock(spec=[])  # Docker isn't asked


def test_a_server_with_members_is_refused_with_the_way_that_there_is() -> None:
    told = outputs()
    told["servers"]["postgres"] |= {"backup": "t-postgres-backup", "members": ["t-postgres-1"], "ways": ["t-postgres"]}

    with pytest.raises(OperateError, match=r"t-postgres has members \(t-postgres-1\).*restore APP --to TIME"):
        whole.chosen(parse("dev", told), "postgres", NOBODY)


@pytest.mark.parametrize("what", ["t-redis", "postgres-wiki", "shop", "nothing"])
def test_what_is_no_server_with_backups_is_told_which_there_are(what: str) -> None:
    told = outputs()
    told["servers"]["postgres"]["backup"] = "t-postgres-backup"

    with pytest.raises(OperateError, match=f"no server {what} with backups in stack dev; it has t-postgres$"):
        whole.chosen(parse("dev", told), what, NOBODY)


def test_a_stack_without_backups_or_down_is_refused() -> None:
    with pytest.raises(OperateError, match="it has none with backups"):
        whole.chosen(parse("dev", outputs()), "t-postgres", NOBODY)
    with pytest.raises(OperateError, match="dev is down"):
        whole.chosen(parse("dev", {**outputs(), "running": False}), "t-postgres", NOBODY)
