"""Print the figures. ``--quick``: as things are, and under loss. ``--no-lab``: without the lab."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.accuracy import lab
from tests.accuracy.runs import AS_IT_IS, BROKEN, MORE_LOSS, WITHOUT, runs
from tests.accuracy.score import Score, score
from tests.lab.sites import SITES

Row = tuple[str, Callable[[], Score]]

PRACTICE: tuple[Row, ...] = (
    ("as they are", lambda: score(runs(), (AS_IT_IS,))),
    ("10 % loss", lambda: score(runs(), MORE_LOSS)),
    ("one check left out", lambda: score(runs(), WITHOUT)),
    ("one check broken", lambda: score(runs(), BROKEN)),
)
LAB: tuple[Row, ...] = (
    ("as they are", lambda: lab.lab_score(tuple(SITES))),
    ("10 % loss", lambda: lab.lab_score(tuple(SITES), lab.LAB_LOSS)),
    ("one check left out", lambda: lab.lab_score(lab.SOME, lab.LAB_WITHOUT)),
)


def main(arguments: list[str]) -> int:
    """0: as they are, every cause was found and no other; and nowhere a false one."""
    quick = "--quick" in arguments
    print(f"{len(runs())} runs on practice networks")
    good = _print(PRACTICE, quick=quick)
    if "--no-lab" in arguments:
        return 0 if good else 1
    if absent := lab.missing():
        print(f"the lab's sites were left out: {absent}")
        return 0 if good else 1
    sites, some = len(SITES), len(lab.SOME)
    print(f"the program at {sites} sites of the lab; a check left out at {some}", flush=True)
    good = _print(LAB, quick=quick) and good
    return 0 if good else 1


def _print(rows: tuple[Row, ...], *, quick: bool) -> bool:
    good = True
    for number, (title, counted) in enumerate(rows[:2] if quick else rows):
        found = counted()
        print(f"{title:20} {found}", flush=True)
        for note in found.notes:
            print(f"  {note}")
        for cause, count in sorted(found.missed.items()) if number < 2 else ():
            print(f"  missed: {cause}, {count} times")
        good = good and not found.notes and (number > 0 or found.found == found.expected)
    return good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
