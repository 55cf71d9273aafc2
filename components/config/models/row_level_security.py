"""Row-level security in the stack file: how rows of a database tell their tenant."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from components.config.fields import rule_error
from components.config.models.section import Section

_LONGEST: Final = 60  # with the suffix of the mark still a name for PostgreSQL
_COLUMN: Final = re.compile(r"[a-z_][a-z0-9_]*")
_SETTING: Final = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")


def _column(value: str) -> str:
    if not _COLUMN.fullmatch(value) or len(value) > _LONGEST:
        raise rule_error(f"a column here has a-z, 0-9 and underscores, no digit first, {_LONGEST} at most", "Rename it")
    return value


def _setting(value: str) -> str:
    if not _SETTING.fullmatch(value) or len(value) > _LONGEST:
        raise rule_error(
            f"a setting of one's own has a prefix and a dot, a-z, 0-9 and underscores, {_LONGEST} at most",
            "Write it like app.current_tenant_id",
        )
    return value


class RowLevelSecurity(Section):
    """The column that names a row's tenant and the setting that names the present one.

    `strict`: rows are seen only in a transaction that has called data_tier.set_tenant(), so that a tenant which
    somebody has left in the session shows nothing.
    """

    column: Annotated[str, AfterValidator(_column)] = "tenant_id"
    setting: Annotated[str, AfterValidator(_setting)] = "app.current_tenant_id"
    type: Literal["uuid", "bigint", "integer", "text"] = "uuid"
    strict: bool = False
