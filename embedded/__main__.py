"""`python -m embedded`: the `pulumi` command of this project where the CLI can't be had."""

import sys

from embedded.cli import main
from embedded.protocol import without_sdk

without_sdk()
sys.exit(main())
