"""Write the texts anew."""

import sys

from tests.unit.cli.golden import GOLDEN, write

for name in GOLDEN:
    write(name, record="--record" in sys.argv)
