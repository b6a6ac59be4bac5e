"""Every pair of kinds of site: what is predicted from two reports is what the packets do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.lab import crowd
from tests.lab.crowd import Member
from tests.lab.matrix import KINDS, NEIGHBOURS, README, WHO_STARTS, expected, in_readme, pairs
from tests.lab.meeting import by_chance, meet
from tests.lab.namespaces import Lab
from tests.lab.neighbours import ROUTER, Nearness, settle
from tests.measured_pairs import COLUMNS, EXTRA, outcome
from tui.cli import main

T = TypeVar("T")
R = TypeVar("R")

FIRST_PORT = 20000
"""Below those that a system hands out by itself."""
AGAIN = 250
"""From one meeting's port to that of its second try: a free one, also where the other starts."""
MEASURING, MEETING = 3, 20
"""How many at once: they mostly wait, but one that is starved measures the lab."""
SAYS_WHO_STARTS = {"port-stolen", "who-starts"}
"""The ways in which a pair may depend on the starter: no other doubt counts as "possible"."""
UNSEEN = {Nearness.JOINED: "D", Nearness.APART: "R"}
"""What the packets do behind a router that passes packets between its own networks, or does not.
Neither report shows which it is, and the router sends nothing back inside: both are foretold as
possible, for this reason and no other."""
LETTERS = {"direct": "D", "relayed": "R", "possible": "S", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A pair, and the port that it meets on."""

    here: Member
    there: Member
    name: str
    port: int
    wanted: str


@dataclass(slots=True)
class Reports:
    """What the installed program measured, a file for each device."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)

    def measure(self, member: Member, *argv: str) -> None:
        said = member.check("--port", "41641", *argv)
        assert said.json["complete"], said.json["checks"]
        file = self.folder / f"{member.program.machine.name}.json"
        file.write_text(said.stdout)
        self.files[member.program.machine.name] = file

    def predicted(self, cell: Cell) -> Any:
        """`whyrelay pair --json`."""
        sides = [self.files[each.program.machine.name] for each in (cell.here, cell.there)]
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(io.StringIO()):
            main(["pair", "--json", *map(str, sides)])
        return json.loads(out.getvalue())


def at_once(count: int, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, items))


def happened(cell: Cell) -> str:
    """The letter for what the packets did. Where the starter may matter, both start once."""
    firsts: tuple[int | None, ...] = (0, 1) if _may_depend(cell) else (None,)
    found = {_one(cell, first) for first in firsts}
    return found.pop() if len(found) == 1 else "S"


def _may_depend(cell: Cell) -> bool:
    return cell.wanted == "S" or all(each in WHO_STARTS for each in cell.name.split(" × "))


def _one(cell: Cell, first: int | None) -> str:
    port = cell.port + (500 if first else 0)
    near, far = met = meet((cell.here.end(port), cell.there.end(port)), first=first)
    if cell.wanted == "R" and by_chance(met):
        print(f"MET AGAIN: {cell.name}: the ports of {near.said['endpoint']} fitted by chance")
        port += AGAIN  # the routers have the flows of the first in mind
        near, far = meet((cell.here.end(port), cell.there.end(port)), first=first)
    for member, each in ((cell.here, near), (cell.there, far)):
        opened = each.said["port_mapping"]["endpoint"] is not None
        assert opened is member.opens_ports, f"{cell.name}: {member.name} {each.said}"
    if near.direct is not far.direct:
        return f"one way alone: {near.said} {far.said}"
    assert {near.status, far.status} == ({0} if near.direct else {1})
    if near.direct and cell.wanted == "R":
        print(f"CONTRADICTED: {cell.name}: {near.said} {far.said}")
    return "D" if near.direct else "R"


def wrong(cells: list[Cell], reports: Reports) -> list[str]:
    """A line for each cell in which packets, prediction and table are not one."""
    foretold = [reports.predicted(cell) for cell in cells]
    did = at_once(MEETING, happened, cells)
    found = []
    for cell, said, packets in zip(cells, foretold, did, strict=True):
        letter = LETTERS[said["result"]]
        if letter == "S" and said["mechanism"] not in SAYS_WHO_STARTS:
            letter = "?"
        if cell.name in UNSEEN:
            right = (said["result"], said["mechanism"]) == ("possible", "no-hairpin")
            letter = cell.wanted if right else "?"
        if not packets == letter == cell.wanted:
            found.append(
                f"{cell.name}: packets {packets}, predicted {letter} ({said['mechanism']}, "
                f"{said['because']}), table {cell.wanted}"
            )
    return found


pytestmark = pytest.mark.xdist_group("crowded")
"""Many labs at once: no other test of many labs runs beside it."""


def test_what_is_predicted_is_what_the_packets_do(lab: Lab, tmp_path: Path) -> None:
    """Two sites of each kind on one internet, so that a kind meets itself too."""
    together = crowd.build(lab)
    members = together.join([*KINDS.values()] * 2)
    ours, theirs = (
        dict(zip(KINDS, half, strict=True))
        for half in (members[: len(KINDS)], members[len(KINDS) :])
    )
    reports = Reports(tmp_path)
    at_once(MEASURING, reports.measure, members)
    cells = [
        Cell(ours[here], theirs[there], f"{here} × {there}", FIRST_PORT + number, letter)
        for number, (here, there) in enumerate(pairs())
        for letter in [expected(here, there)]
    ]
    faults = wrong(cells, reports)
    assert not faults, "\n".join(faults)


def test_two_devices_behind_one_router(lab: Lab, tmp_path: Path) -> None:
    together = crowd.build(lab)
    reports, cells = Reports(tmp_path), []
    for number, (nearness, first) in enumerate(
        zip(Nearness, together.join(ROUTER[each] for each in Nearness), strict=True)
    ):
        second = settle(together, nearness, first)
        letter = {**NEIGHBOURS, **UNSEEN}[nearness]
        cells.append(Cell(first, second, str(nearness), FIRST_PORT + number, letter))
    devices = [each for cell in cells for each in (cell.here, cell.there)]
    at_once(MEASURING, lambda each: reports.measure(each, "--with", "hairpin"), devices)
    faults = wrong(cells, reports)
    assert not faults, "\n".join(faults)


def test_what_is_listed_as_unseen_is_what_the_packets_did_in_the_table() -> None:
    for nearness, letter in UNSEEN.items():
        assert NEIGHBOURS.get(nearness, letter) == letter


def test_only_pairs_that_depend_on_the_starter_may_be_possible() -> None:
    for here, there in pairs():
        if expected(here, there) == "S":
            assert {here, there} & WHO_STARTS.keys(), (here, there)


def test_real_daemons_did_the_same() -> None:
    """Every pair of the table that was measured with tailscaled as well."""
    compared = 0
    for here, there in pairs():
        known = EXTRA.get((here, there)) or EXTRA.get((there, here))
        if here in COLUMNS and there in COLUMNS:
            known = outcome(here, there)
        if known is not None:
            compared += 1
            assert expected(here, there) == known, (here, there)
    assert compared > 90


def test_the_readme_shows_this_table() -> None:
    text = README.read_text("utf-8")
    assert text == in_readme(text), "python -m tests.lab.matrix writes it"
