"""The policy pack: every rule with its level. What a rule looks at belongs to its own file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the pack is run by file name

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.catalogue import all_rules
from policies.pack import once_per_request, policies

once_per_request()
PolicyPack(name="data-tier", enforcement_level=EnforcementLevel.MANDATORY, policies=policies(all_rules()))
