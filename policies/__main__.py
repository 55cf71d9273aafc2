"""The policy pack: every rule with its level. What a rule looks at belongs to its own file."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the pack is run by file name

from policies.rules.docker.container.refuse_published_data_port import refuse_published_data_port

PolicyPack(
    name="data-tier",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[refuse_published_data_port],
)
