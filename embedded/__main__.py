"""`python -m embedded`: the `pulumi` command of this project where the CLI can't be had."""

import sys

from embedded.cli import main

sys.exit(main())
