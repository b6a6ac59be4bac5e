"""Removing a reading never makes a claim stronger, and never turns one into its opposite.

Every subset of a report that lacks one or two readings is tried, and a sample of smaller ones. A
reading is gone because its test was left out, which the report says, or because no such test was
made at all, as in a report from elsewhere. The exemptions below are by name, each with its reason;
a test shows that every one of them is needed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import Confidence, Diagnosis, Result, Verdict
from probes.model import Known, Reason, Unknown
from probes.readings import KEYS, environment, firewall, port_mapping, tailscale
from probes.report import Report
from tests.unit.diagnosis.reports import facts
from tests.unit.diagnosis.test_diagnose import CASES

CHOICE = tailscale.CHOSEN.id
"""Whom the question is about is no evidence: without it, it is another question."""
OVERRULES = {
    environment.SETTINGS.id: "a setting that forces the relay",
    tailscale.ATTRIBUTES.id: "a policy that forces the relay",
    firewall.OUTBOUND4.id: "a firewall that lets nothing out",
}
"""Findings that stand above the network. Without them the claim is about the network alone, and
nothing in the network hints at them: a relayed connection may then be called direct."""
OPENS = {
    port_mapping.FORWARD.id: "a port that was forwarded by hand",
    **{
        keys.test.id: "a port that was opened on request" for keys in port_mapping.SERVICES.values()
    },
}
"""Findings that make up for a hard NAT. Where nobody made such a test at all, it is called relayed,
as it ordinarily is; where it was left out, nothing is claimed, and they are no exemption."""
EXEMPT = {**OVERRULES, **OPENS}

_SURE = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)
_OPPOSITE = {Verdict.DIRECT: Verdict.RELAYED, Verdict.RELAYED: Verdict.DIRECT}
_SAMPLE = 40


def without(report: Report, gone: tuple[str, ...]) -> Report:
    """The report without some readings."""
    return facts(
        *(
            (KEYS[key], reading.value)
            for key, reading in report.readings.items()
            if key not in gone and isinstance(reading, Known)
        )
    )


def left_out(report: Report, gone: tuple[str, ...]) -> Report:
    """The same, where the report says that the tests were not made in this run."""
    skipped = dict.fromkeys(gone, Unknown(Reason.SKIPPED))
    return replace(report, readings={**report.readings, **skipped})


def parts(report: Report) -> Iterator[tuple[str, ...]]:
    """What is taken away: every one, every two, and a sample of more."""
    known = [
        key
        for key, reading in report.readings.items()
        if isinstance(reading, Known) and key != CHOICE
    ]
    for count in (1, 2):
        yield from itertools.combinations(known, count)
    dice = random.Random(7)
    for _ in range(_SAMPLE):
        yield tuple(dice.sample(known, dice.randint(3, max(3, len(known) - 1))))


def faults(whole: Diagnosis, part: Diagnosis, gone: tuple[str, ...]) -> list[str]:
    """Where less was known, and more or the opposite was claimed.

    A cause that is only possible, and says that what is gone would settle it, is a question.
    """
    found = []
    if part.verdict is _OPPOSITE.get(whole.verdict):
        found.append(f"verdict: {whole.verdict}, then {part.verdict}")
    for kind in ("none", "easy", "hard"):
        before, after = getattr(whole.outlook, kind), getattr(part.outlook, kind)
        pair = {before.result, after.result}
        if pair == {Result.DIRECT, Result.RELAYED}:
            found.append(f"{kind}: {before.result}, then {after.result}")
    weights = {each.id: each for each in whole.causes}
    for cause in part.causes:
        was = weights.get(cause.id)
        if cause.confidence is Confidence.POSSIBLE and set(cause.missing) & set(gone):
            continue
        if was is None:
            found.append(f"a new cause: {cause.id}")
        elif _SURE.index(cause.confidence) > _SURE.index(was.confidence):
            found.append(f"{cause.id}: {was.confidence}, then {cause.confidence}")
    for before, after in ((whole.nat4, part.nat4), (whole.nat6, part.nat6)):
        same = before.nat_class is after.nat_class
        if same and _SURE.index(after.confidence) > _SURE.index(before.confidence):
            found.append(f"{after.nat_class}: {before.confidence}, then {after.confidence}")
    return found


@pytest.mark.parametrize("name", CASES)
def test_tests_that_were_left_out_claim_no_more(name: str) -> None:
    report = CASES[name][0]
    whole = diagnose(report)
    for gone in parts(report):
        if not OVERRULES.keys() & set(gone):
            assert not faults(whole, diagnose(left_out(report, gone)), gone), gone


@pytest.mark.parametrize("name", CASES)
def test_fewer_readings_claim_no_more(name: str) -> None:
    report = CASES[name][0]
    whole = diagnose(report)
    for gone in parts(report):
        if not EXEMPT.keys() & set(gone):
            assert not faults(whole, diagnose(without(report, gone)), gone), gone


def test_every_exemption_is_needed() -> None:
    """By itself, or together with one reading more."""
    needed: set[str] = set()
    for report, *_ in CASES.values():
        whole = diagnose(report)
        for key in EXEMPT.keys() & report.readings.keys() - needed:
            pairs = ((key, other) for other in report.readings if other not in (key, CHOICE))
            if any(
                faults(whole, diagnose(without(report, gone)), gone) for gone in ((key,), *pairs)
            ):
                needed.add(key)
    used = {key for report, *_ in CASES.values() for key in report.readings} & EXEMPT.keys()
    assert needed == used
