"""What two installed programs did to each other at every pair of kinds of site, as a table.

``python -m tests.lab.matrix`` writes the table into the README. `test_matrix` lets the packets and
the prediction decide whether the table is true.
"""

from __future__ import annotations

import sys
from itertools import combinations_with_replacement
from pathlib import Path

from tests.lab.neighbours import Nearness

README = Path(__file__).parents[2] / "README.md"
_BEGIN, _END = "<!-- matrix -->\n", "<!-- end of matrix -->\n"

KINDS = {
    "open": "public",
    "public-fw": "public-firewall",
    "public-hostfw": "public-host-firewall",
    "one2one": "one-to-one",
    "eim-eif": "eif-home",
    "eim-adf": "adf-home",
    "eim-apdf": "easy-home",
    "eim-apdf-wanopen": "easy-home-wan-open",
    "eim-apdf+map+hostfw": "easy-home-upnp-firewall",
    "double-nat": "double-nat-upnp",
    "eim-apdf+v6": "ipv6-works",
    "hard": "hard-home",
    "hard+map": "hard-home-upnp",
    "hard+forward": "hard-home-forward",
    "hard+map+hostfw": "hard-home-upnp-firewall",
    "cgnat-hard": "cgnat",
    "hard+v6": "hard-home-ipv6",
    "udp-blocked": "udp-dropped",
}
"""The lab's site of each kind, by the names that the kinds have in `measured_pairs`."""

ABOUT = {
    "open": "public address, nothing filtered",
    "public-fw": "public address behind a stateful firewall",
    "public-hostfw": "public address, firewall on the device",
    "one2one": "one-to-one NAT",
    "eim-eif": "easy NAT that lets anybody in",
    "eim-adf": "easy NAT that lets known addresses in",
    "eim-apdf": "easy NAT, the ordinary home",
    "eim-apdf-wanopen": "the same, router accepts strangers' packets itself",
    "eim-apdf+map+hostfw": "easy NAT, port mapping, firewall on the device",
    "double-nat": "two easy NATs, the inner one with UPnP",
    "eim-apdf+v6": "easy NAT and IPv6",
    "hard": "hard NAT",
    "hard+map": "hard NAT with UPnP",
    "hard+forward": "hard NAT with a forwarded port",
    "hard+map+hostfw": "hard NAT with UPnP, firewall on the device",
    "cgnat-hard": "provider's hard NAT",
    "hard+v6": "hard NAT and IPv6",
    "udp-blocked": "UDP blocked",
}

# D direct, R relayed, S: direct or relayed by who starts. A row a kind, from its own column on.
TABLE = {
    "open": "D D D D D D D D D D D D D D D D D R",
    "public-fw": "D D D D D D S D D D R D D S R R R",
    "public-hostfw": "D D D D D S D D D R D D S R R R",
    "one2one": "D D D D D D D D D D D D D D R",
    "eim-eif": "D D D D D D D D D D D D D R",
    "eim-adf": "D D D D D D D D D D D D R",
    "eim-apdf": "D S D D D R D D S R R R",
    "eim-apdf-wanopen": "R S S S R D D S R R R",
    "eim-apdf+map+hostfw": "D D D R D D S R R R",
    "double-nat": "D D R D D S R R R",
    "eim-apdf+v6": "D R D D S R D R",
    "hard": "R D D R R R R",
    "hard+map": "D D D D D R",
    "hard+forward": "D D D D R",
    "hard+map+hostfw": "R R R R",
    "cgnat-hard": "R R R",
    "hard+v6": "D R",
    "udp-blocked": "R",
}
NEIGHBOURS = {Nearness.ONE_LAN: "D", Nearness.APART: "R", Nearness.HAIRPIN: "D"}

WHO_STARTS = {
    "eim-apdf-wanopen": "the peer's early packet stays in the router's own table and takes the "
    "flow's port away, which a peer that filters by port then drops",
    "hard+map+hostfw": "the device's own early packet makes the router rewrite the peer's port, "
    "which the device's firewall then drops",
}
"""Why a pair with one of these, and a peer that filters by port, is only possible."""


def pairs() -> list[tuple[str, str]]:
    """Every unordered pair, each kind with itself among them."""
    return list(combinations_with_replacement(KINDS, 2))


def expected(here: str, there: str) -> str:
    """The letter of a pair, either way round."""
    kinds = list(KINDS)
    first, second = sorted((here, there), key=kinds.index)
    return TABLE[first].split()[kinds.index(second) - kinds.index(first)]


def rendered() -> str:
    """The table for the README."""
    kinds = list(KINDS)
    numbers = " | ".join(str(number) for number in range(1, len(kinds) + 1))
    lines = [f"| | | {numbers} |", "|---|---|" + "---|" * len(kinds)]
    for number, kind in enumerate(kinds, 1):
        cells = " | ".join(_shown(expected(kind, other)) for other in kinds)
        lines.append(f"| {number} | {ABOUT[kind]} | {cells} |")
    behind = "; ".join(f"{kind} {_shown(letter)}" for kind, letter in NEIGHBOURS.items())
    return "\n".join((*lines, "", f"Behind one router: {behind}.")) + "\n"


def _shown(letter: str) -> str:
    return {"D": "D", "R": "**R**", "S": "*S*"}[letter]


def in_readme(text: str) -> str:
    """The README with this table in it."""
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return f"{head}{_BEGIN}{rendered()}{_END}{tail}"


def main() -> int:
    """Write it."""
    README.write_text(in_readme(README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
