"""Run any command at a site: ``python -m tests.lab SITE [--loss N] [--delay MS] -- COMMAND…``.

`{map}` in the command becomes the path of the DERP map of the lab's relays. Without a command it is
a shell. For instance::

    python -m tests.lab hard-home -- whyrelay --derp-map {map}
    python -m tests.lab easy-home --loss 10 -- whyrelay check --plain --derp-map {map}
    python -m tests.lab tunnel --no-bind -- whyrelay check --json --derp-map {map}
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.lab import needs, place
from tests.lab.namespaces import Lab
from tests.lab.program import SCRIPT
from tests.lab.relays import relays
from tests.lab.sites import SITES


def main() -> int:
    """Build the site, run the command, take everything away again."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="sites:\n" + "\n".join(f"  {name:20} {site.about}" for name, site in SITES.items()),
    )
    parser.add_argument("site", choices=SITES, metavar="SITE")
    parser.add_argument("--loss", type=int, default=0, metavar="PERCENT", help="packets lost")
    parser.add_argument("--delay", type=float, default=0.0, metavar="MS", help="one way, all of IP")
    parser.add_argument("--regions", type=int, default=3, metavar="N", help="relay regions")
    parser.add_argument("--no-bind", action="store_true", help="no right to choose an interface")
    parser.add_argument("command", nargs="*", metavar="COMMAND")
    given = parser.parse_args()
    if absent := needs.missing():
        print(absent, file=sys.stderr)
        return 2
    with Lab() as lab:
        made = place.build(
            lab,
            given.site,
            fleet=relays(given.regions),
            loss_percent=given.loss,
            delay_ms=given.delay,
        )
        words = given.command or [os.environ.get("SHELL", "sh")]
        words = [word.replace("{map}", str(made.map_file)) for word in words]
        wrapper = (sys.executable, "-m", "tests.lab.no_bind") if given.no_bind else ()
        environment = {
            **os.environ,
            "HOME": str(made.program.home),
            "PATH": f"{SCRIPT.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }
        if given.no_bind:
            environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
        command = made.site.device.command((*wrapper, *words), folder=Path.cwd())
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
