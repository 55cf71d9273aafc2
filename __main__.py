"""The stack: its settings, held against what the last run has recorded, built, and what it tells about itself."""

import pulumi

from components import ledger, secret_values, settings
from components.outputs import exports
from components.topology import build

declared = settings.load()
ledger.require(declared)
for name, value in exports(build(declared, secret_values.read(declared))).items():
    pulumi.export(name, value)
