"""Print the figures. ``--quick``: as the networks are, and under loss."""

from __future__ import annotations

import sys

from tests.accuracy.runs import AS_IT_IS, BROKEN, LOSS, WITHOUT, Condition, runs
from tests.accuracy.score import score

PARTS: tuple[tuple[str, tuple[Condition, ...]], ...] = (
    ("as they are", (AS_IT_IS,)),
    ("10 % loss", LOSS),
    ("one check left out", WITHOUT),
    ("one check broken", BROKEN),
)


def main(arguments: list[str]) -> int:
    """0: as they are, every cause was found and no other; and nowhere a false one."""
    parts = PARTS[:2] if "--quick" in arguments else PARTS
    good = True
    print(f"{len(runs())} runs on practice networks")
    for number, (title, conditions) in enumerate(parts):
        found = score(runs(), conditions)
        print(f"{title:20} {found}", flush=True)
        for note in found.notes:
            print(f"  {note}")
        for cause, count in sorted(found.missed.items()) if number < 2 else ():
            print(f"  missed: {cause}, {count} times")
        good = good and not found.notes and (number > 0 or found.found == found.expected)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
