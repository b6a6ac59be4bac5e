"""The pair rule, cell by cell: the grid of nine kinds of side, and what real tailscaled did."""

from __future__ import annotations

import itertools

from probes.diagnosis.pairing import Leg, Outcome, pair
from probes.model import Filtering
from tests.measured_pairs import COLUMNS, EXTRA, MEASURED

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
LETTERS = {Outcome.DIRECT: "D", Outcome.WHO_STARTS: "S", Outcome.RELAYED: "R"}
CELLS = [
    (row, column, letter)
    for row, letters in MEASURED.items()
    for column, letter in zip(COLUMNS, letters.split(), strict=True)
] + [(*sides, letter) for sides, letter in EXTRA.items()]


def test_the_rule_says_what_the_packets_did() -> None:
    def said(ours: str, theirs: str) -> str:
        return LETTERS[pair(SITES[ours], SITES[theirs])[0]]

    assert [(*sides, said(*sides)) for *sides, _ in CELLS] == CELLS


def test_the_rule_is_the_same_from_both_sides() -> None:
    for ours, theirs in itertools.combinations_with_replacement(SITES, 2):
        there = pair(SITES[ours], SITES[theirs])[0]
        assert there is pair(SITES[theirs], SITES[ours])[0], (ours, theirs)


def test_every_pair_of_the_measured_grid_is_there() -> None:
    assert len({frozenset((row, column)) for row, column, _ in CELLS[: 12 * 12]}) == 78
