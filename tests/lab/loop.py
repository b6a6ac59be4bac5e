"""Follows the whole table and prints the list: ``python -m tests.lab.loop [SITE…]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from tests.lab import needs
from tests.lab.loop_run import Result, follow
from tests.lab.loop_table import TABLE


def summary(lines: Iterable[str]) -> str:
    """So many cured of so many curable."""
    marks = [line.split(maxsplit=1)[0] for line in lines]
    curable = len(marks) - marks.count("exempt")
    return f"cured {marks.count('cured')} of {curable} curable, {marks.count('exempt')} exempt"


def main() -> int:
    """Site by site. Fails where a way that the program offers is no cure."""
    sites = list(dict.fromkeys(row.site for row in TABLE))
    parser = argparse.ArgumentParser(prog="python -m tests.lab.loop", description=__doc__)
    parser.add_argument("site", nargs="*", metavar="SITE", help=", ".join(sites))
    wanted = parser.parse_args().site or sites
    if absent := needs.missing() or needs.without(needs.LOOP_TOOLS):
        print(absent, file=sys.stderr)
        return 2
    began, found = time.monotonic(), list[Result]()
    for site in wanted:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # every run's JSON
            results = follow([row for row in TABLE if row.site == site])
        print("\n".join(each.line for each in results), flush=True)
        found += results
    print(f"{summary(each.line for each in found)}, in {time.monotonic() - began:.0f} s")
    return int(any(each.faults for each in found))


if __name__ == "__main__":
    sys.exit(main())
