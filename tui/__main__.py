"""`python -m tui`: the same as `whyrelay`."""

import sys

from tui.cli import main

sys.exit(main())
