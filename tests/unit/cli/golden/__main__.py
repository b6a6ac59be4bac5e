"""Write the texts anew."""

from tests.unit.cli.golden import GOLDEN, path, plain

for name in GOLDEN:
    path(name).write_text(plain(name), encoding="utf-8")
