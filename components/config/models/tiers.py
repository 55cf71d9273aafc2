"""The networks of the stack file."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from components.config import fields
from components.config.fields import rule_error
from components.config.models.section import Section


class Tier(Section):
    """One network: who can reach what, and on which host ports its services are published.

    `apps` belongs to the data tier only: the pool from which apps in the isolated place get their own subnets.
    """

    internal: bool = False
    subnet: fields.Subnet | None = None
    apps: fields.Subnet | None = None
    publish: Literal["loopback", "public"] | None = None
    ports: fields.Ports | None = None

    @model_validator(mode="after")
    def _publishes_in_a_range(self) -> Tier:
        if (self.publish is None) != (self.ports is None):
            raise rule_error(
                "publish and ports belong together", 'Give both, like publish: loopback, ports: "4000-4999"'
            )
        if self.publish == "public" and self.internal:
            raise rule_error("an internal tier is published on loopback only", "Write publish: loopback")
        return self
