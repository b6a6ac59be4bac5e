"""The pair rule, cell by cell: the grid of nine kinds of side, and what real tailscaled did."""

from __future__ import annotations

import itertools

import pytest

from probes.diagnosis.pairing import Leg, Outcome, pair
from probes.model import Filtering

EIF, ADF = Filtering.ENDPOINT_INDEPENDENT, Filtering.ADDRESS_DEPENDENT

SITES = {
    "open": Leg(filtering=EIF),
    "public-fw": Leg(),
    "eim-eif": Leg(filtering=EIF),
    "eim-adf": Leg(filtering=ADF),
    "eim-apdf": Leg(),
    "hard": Leg(stable=False, source=False),
    "hard+map": Leg(source=False, filtering=EIF),
    "eim-apdf+map+hostfw": Leg(host_filtered=True),
    "udp-blocked": Leg(udp=False, stable=False),
    # What tailscaled was measured with besides (two layers, or one that does not filter).
    "double-nat": Leg(),
    "cgnat-hard": Leg(stable=False, source=False),
    "one2one": Leg(filtering=EIF),
    "eim-apdf-wanopen": Leg(takes_strangers=True),
    "hard+map+hostfw": Leg(source=False, host_filtered=True),
    "public-hostfw": Leg(host_filtered=True),
}
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
# 78 pairs of real tailscaled 1.92.5 in namespaces with kernel NAT, six runs each; D direct,
# R relayed. The first nine rows and columns are also the grid that the rule was made from.
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
# And the pairs in which it mattered who started (S), or whose outcome the plain rule missed.
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
LETTERS = {Outcome.DIRECT: "D", Outcome.WHO_STARTS: "S", Outcome.RELAYED: "R"}
CELLS = [
    (row, column, letter)
    for row, letters in MEASURED.items()
    for column, letter in zip(COLUMNS, letters.split(), strict=True)
] + [(*sides, letter) for sides, letter in EXTRA.items()]


@pytest.mark.parametrize(("ours", "theirs", "letter"), CELLS)
def test_the_rule_says_what_the_packets_did(ours: str, theirs: str, letter: str) -> None:
    assert LETTERS[pair(SITES[ours], SITES[theirs])[0]] == letter


@pytest.mark.parametrize(
    ("ours", "theirs"), list(itertools.combinations_with_replacement(SITES, 2))
)
def test_the_rule_is_the_same_from_both_sides(ours: str, theirs: str) -> None:
    there = pair(SITES[ours], SITES[theirs])[0]
    assert there is pair(SITES[theirs], SITES[ours])[0]


def test_every_pair_of_the_measured_grid_is_there() -> None:
    assert len({frozenset((row, column)) for row, column, _ in CELLS[: 12 * 12]}) == 78
