"""``make bench``: print every row as it is measured; the status says whether all limits hold."""

from __future__ import annotations

import os
import sys

from tests.bench import network, tailnet, terminal
from tests.bench.rows import Row
from tests.lab import needs


def main() -> int:
    """Run the groups named on the command line, or all."""
    groups = {"terminal": terminal.rows, "tailnet": tailnet.rows, "network": network.rows}
    chosen = sys.argv[1:] or list(groups)
    if unknown := [name for name in chosen if name not in groups]:
        print(f"No such group: {', '.join(unknown)}; there are {', '.join(groups)}.")
        return 2
    # What is installed has its bytecode beside it, as Textual has here.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found: list[Row] = []
    for name in chosen:
        if name == "network" and (absent := needs.missing()):
            print(f"left out: network ({absent})")
            continue
        for row in groups[name]():
            print(row.text(), flush=True)
            found.append(row)
    over = [row.what for row in found if not row.kept]
    print(f"{len(found) - len(over)} of {len(found)} within their limits")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
