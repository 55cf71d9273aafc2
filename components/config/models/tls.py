"""How the servers' certificates live."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from components.config.fields import rule_error
from components.config.models.section import Section

_SHORTEST_DAYS, _LONGEST_DAYS = 3, 825


class Tls(Section):
    """Certificates of the servers: valid for `days`, the next ones issued `renew` days before that, by `up`."""

    enabled: bool = True
    days: int = 365
    renew: int | None = Field(default=None, validate_default=True)

    @field_validator("days")
    @classmethod
    def _is_valid_for_a_while(cls, days: int) -> int:
        if days < _SHORTEST_DAYS:
            raise rule_error("a certificate so short expires before it starts to be renewed", "Write days: 365")
        if days > _LONGEST_DAYS:
            raise rule_error(
                f"a server's certificate is valid for {_LONGEST_DAYS} days at most: its authority is renewed later",
                "Write days: 365",
            )
        return days

    @field_validator("renew")
    @classmethod
    def _is_renewed_while_it_is_valid(cls, renew: int | None, info: ValidationInfo) -> int | None:
        days = info.data.get("days")
        if renew is not None and days is not None and not 0 < renew < days:
            raise rule_error(
                f"a certificate of {days} days is renewed 1 to {days - 1} days before its end, "
                "or it would expire first, or be due before it starts",
                f"Write renew: {days // 3}, or leave it out",
            )
        return renew

    @property
    def renew_days(self) -> int:
        """How many days before its end a certificate is due for renewal: a third of its life unless declared."""
        return self.renew or self.days // 3
