"""Follows the table: the program measures, the change is made, the program measures again."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from tests.lab.loop_place import End, Ends, Measured, bin_of, build, predicted
from tests.lab.loop_table import SPOTS, After, Cure, Row
from tests.lab.namespaces import Lab, Machine
from tui.fixing.playbook import Command, System, circumstances, playbook

AT_ONCE = 4
"""Labs under way at the same time: they mostly wait."""
Key: TypeAlias = tuple[str, str, RemedyId, Whose]
"""Site, partner, change and whose it is: what makes one lab unlike another."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was found, and what the packets did, before any change."""

    near: Measured
    far: Measured
    predicted: str
    packets: str


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one change."""

    near: Measured
    predicted: str
    packets: str
    left: str
    """What is not as it was after the commands were taken back; "" where all is."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the list: a way that the program offers for a cause, and whether it is a cure."""

    row: Row
    remedy: RemedyId
    whose: Whose
    recommended: bool
    exempt: str
    """Why it cannot be the cure here; "" where it can."""
    faults: tuple[str, ...]
    """Why it is none. Empty: cured."""

    @property
    def line(self) -> str:
        """For a person."""
        mark = "exempt" if self.exempt else "NOT CURED" if self.faults else "cured"
        first = " (recommended)" if self.recommended else ""
        side = " on the other side" if self.whose is Whose.OTHER else ""
        more = self.exempt or "; ".join(self.faults)
        where = f"{self.row.cause} at {self.row.site}, with {self.row.partner}"
        return f"{mark:9} {where}: {self.remedy}{side}{first}" + (f" – {more}" if more else "")


# --- one lab --------------------------------------------------------------------------------------


_PARTNERS: dict[str, Measured] = {}


def _before(site: str, partner: str) -> Before:
    """At a fresh copy of the site."""
    with Lab() as lab:
        ends = build(lab, SPOTS[site], SPOTS[partner])
        assert ends.far is not None
        with ThreadPoolExecutor(2) as both:
            first = both.submit(ends.measure, ends.near)
            # A partner of one kind says the same of itself in every lab.
            far = _PARTNERS.get(partner) or both.submit(ends.measure, ends.far).result()
            near = first.result()
        _PARTNERS[partner] = far
        told = predicted(ends, near, far)["result"]
        return Before(near, far, told, ends.meet(told))


def _done(row: Row, cure: Cure, begun: Future[Before]) -> Done:
    """The change at a fresh copy of the site, and what it changed measured again."""
    with Lab() as lab:
        ends = build(lab, SPOTS[row.site], SPOTS[cure.partner or row.partner])
        assert ends.far is not None
        end = ends.near if cure.whose is Whose.THIS else ends.far
        was, commands = list[str](), list[Command]()
        if cure.book:
            commands, ends.told = _told(row, cure, begun.result())
            was = _state(end.customer.device)
        if cure.hand is not None:
            cure.hand(ends, end)
        _type(ends, end, [each.text for each in commands])
        if cure.then is not None:
            cure.then(ends, end)
        measured, before = ends.measure(end), begun.result()
        near, far = (before.near, measured) if end is ends.far else (measured, before.far)
        told = predicted(ends, near, far)["result"]
        packets = ends.meet(told)
        _type(ends, end, [each.undo for each in reversed(commands) if each.undo])
        left = _difference(was, _state(end.customer.device)) if cure.book else ""
        return Done(near, told, packets, left)


def _told(row: Row, cure: Cure, before: Before) -> tuple[list[Command], Mapping[str, str]]:
    """The commands that the program shows for the change, and the values that it knows."""
    planned, report = plan(row, before.near), before.near.report
    way = next(each for each in planned.ways if each.remedy.id is cure.remedy)
    found = circumstances(report)
    if found.system is System.CONTAINER:  # the machine that runs the lab; a person corrects it
        found = replace(found, system=System.LINUX)
    book = playbook(way, planned.cause, report, found)
    commands = [step.command for step in book.steps if step.command is not None]
    changes = any(each.cuts for each in commands)
    assert changes or cure.hand is not None, f"no step of {book.title!r} changes anything"
    assert all(each.shell == "sh" for each in commands)
    return commands, found.values


def _type(ends: Ends, end: End, commands: Sequence[str]) -> None:
    """As an administrator would. Raises AssertionError where one does not work."""
    path = f"{bin_of(ends.net)}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    for text in commands:
        argv = ("sh", "-ec", f'sudo() {{ "$@"; }}\n{text}')
        done = end.customer.device.run(argv, env={"PATH": path, "IPT_MODULES": ""})
        assert done.returncode == 0, f"{text}: {done.stdout}{done.stderr}"


_TELLING = ("udp", "whyrelay", "policy drop", "disable_ipv6", "PORT=")


def _state(device: Machine) -> list[str]:
    """What the commands are about. (Besides, iptables and ufw leave empty chains behind.)"""
    shown = (
        "nft -s list ruleset; sysctl net.ipv6.conf.all.disable_ipv6; cat /etc/default/tailscaled"
    )
    lines = device.run(("sh", "-c", shown)).stdout.splitlines()
    return [line.strip() for line in lines if any(word in line for word in _TELLING)]


def _difference(was: list[str], now: list[str]) -> str:
    """What was added and what is missing."""
    lines = difflib.unified_diff(was, now, lineterm="", n=0)
    return "; ".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


# --- what the program offers ----------------------------------------------------------------------


def plan(row: Row, measured: Measured) -> CausePlan:
    """For the row's cause, from the report as the program wrote it."""
    report = measured.report
    plans = plan_of(report, diagnose(report))
    return next(each for each in plans if each.cause.id == row.cause)


def _partners(row: Row) -> list[str]:
    return list(dict.fromkeys((row.partner, *(each.partner or row.partner for each in row.cures))))


# --- all rows of one site -------------------------------------------------------------------------


def follow(rows: Sequence[Row]) -> list[Result]:
    """Every way that the program offers for every cause of the rows, one site's or several.

    Raises AssertionError where the site is not what the table says, or the table lacks a way.
    """
    begun: dict[tuple[str, str], Future[Before]] = {}
    done: dict[Key, Future[Done]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for row in rows:
            for partner in _partners(row):
                if (row.site, partner) not in begun:
                    begun[row.site, partner] = pool.submit(_before, row.site, partner)
        for row in rows:
            for cure in sorted(row.cures, key=lambda each: each.book):
                key = _key(row, cure)
                if key not in done:
                    done[key] = pool.submit(_done, row, cure, begun[key[:2]])
    found: list[Result] = []
    for row in rows:
        for partner in _partners(row):
            _check_before(row, begun[row.site, partner].result())
        planned = plan(row, begun[row.site, row.partner].result().near)
        cures = {(each.remedy, each.whose): each for each in row.cures}
        absent = set(cures) - {(way.remedy.id, way.whose) for way in planned.ways}
        assert not absent, f"{row.id}: not offered: {absent}"
        for way in sorted(planned.ways, key=lambda each: not each.recommended):
            found.append(_result(row, way, cures, done))
    return found


def _result(
    row: Row,
    way: Way,
    cures: Mapping[tuple[RemedyId, Whose], Cure],
    done: Mapping[Key, Future[Done]],
) -> Result:
    cure, exempt, faults = cures.get((way.remedy.id, way.whose)), "", tuple[str, ...]()
    if cure is not None:
        faults = tuple(_faults(row, cure, done[_key(row, cure)].result()))
    else:
        exempt = row.exempt.get(way.remedy.id, "")
        assert exempt, f"{row.id}: the table lacks {way.remedy.id} ({way.whose})"
    return Result(row, way.remedy.id, way.whose, way.recommended, exempt, faults)


def _key(row: Row, cure: Cure) -> Key:
    return row.site, cure.partner or row.partner, cure.remedy, cure.whose


def _check_before(row: Row, before: Before) -> None:
    assert before.near.causes.get(row.cause) == row.weight, f"{row.id}: {before.near.causes}"
    assert (before.predicted, before.packets) == (row.before, row.packets), row.id


def _faults(row: Row, cure: Cure, done: Done) -> Iterable[str]:
    """Why the change is no cure."""
    weight = done.near.causes.get(row.cause)
    want = {After.GONE: None, After.NOTE: "notes", After.STAYS: str(row.weight)}
    if weight != want[cure.after]:
        yield f"the cause is {weight or 'gone'}, not {cure.after}"
    if done.predicted != cure.promise:
        yield f"pair says {done.predicted}"
    if done.packets != "direct":
        yield f"the packets go {done.packets}"
    if done.left:
        yield f"taken back, this is left: {done.left}"
