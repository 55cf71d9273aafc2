"""The stack: its settings, built, and what it tells about itself."""

import pulumi

from components import settings
from components.outputs import exports
from components.topology import build

for name, value in exports(build(settings.load())).items():
    pulumi.export(name, value)
