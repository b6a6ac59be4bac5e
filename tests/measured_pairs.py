"""What real tailscaled 1.92.5 did between two sites, in namespaces behind kernel NAT.

78 pairs of twelve kinds of site, six runs each, none of which changed its outcome: D is direct, R
relayed. In the other pairs it mattered who started (S), or the plain rule missed the outcome.
"""

from __future__ import annotations

COLUMNS = (
    "open",
    "public-fw",
    "eim-eif",
    "eim-adf",
    "eim-apdf",
    "hard",
    "hard+map",
    "eim-apdf+map+hostfw",
    "udp-blocked",
    "double-nat",
    "cgnat-hard",
    "one2one",
)
# The first nine rows and columns are also the grid that the pair rule was made from.
MEASURED = {
    "open": "D D D D D D D D R D D D",
    "public-fw": "D D D D D R D D R D R D",
    "eim-eif": "D D D D D D D D R D D D",
    "eim-adf": "D D D D D D D D R D D D",
    "eim-apdf": "D D D D D R D D R D R D",
    "hard": "D R D D R R D R R R R D",
    "hard+map": "D D D D D D D D R D D D",
    "eim-apdf+map+hostfw": "D D D D D R D D R D R D",
    "udp-blocked": "R R R R R R R R R R R R",
    "double-nat": "D D D D D R D D R D R D",
    "cgnat-hard": "D R D D R R D R R R R D",
    "one2one": "D D D D D D D D R D D D",
}
EXTRA = {
    ("eim-apdf-wanopen", "open"): "D",
    ("eim-apdf-wanopen", "eim-eif"): "D",
    ("eim-apdf-wanopen", "public-fw"): "S",
    ("eim-apdf-wanopen", "eim-adf"): "D",
    ("eim-apdf-wanopen", "eim-apdf"): "S",
    ("eim-apdf-wanopen", "hard+map"): "D",
    ("eim-apdf-wanopen", "hard"): "R",
    ("eim-apdf-wanopen", "one2one"): "D",
    ("eim-apdf-wanopen", "eim-apdf-wanopen"): "R",
    ("hard+map+hostfw", "open"): "D",
    ("hard+map+hostfw", "public-fw"): "S",
    ("hard+map+hostfw", "eim-eif"): "D",
    ("hard+map+hostfw", "eim-adf"): "D",
    ("hard+map+hostfw", "eim-apdf"): "S",
    ("hard+map+hostfw", "hard+map"): "D",
    ("hard+map+hostfw", "hard"): "R",
    ("hard+map+hostfw", "eim-apdf+map+hostfw"): "S",
    ("hard+map+hostfw", "hard+map+hostfw"): "R",
    ("hard+map+hostfw", "cgnat-hard"): "R",
    ("public-hostfw", "eim-apdf"): "D",
    ("public-hostfw", "public-hostfw"): "D",
    ("public-hostfw", "hard"): "R",
    ("public-hostfw", "hard+map"): "D",
    ("public-hostfw", "public-fw"): "D",
    ("public-hostfw", "open"): "D",
}


def outcome(here: str, there: str) -> str:
    """The letter of a pair of the grid."""
    return MEASURED[here].split()[COLUMNS.index(there)]
