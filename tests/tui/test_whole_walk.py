"""From Choose to Prove in one go, with the keyboard alone, for one cause after the other.

What Prove says is held against a measurement of the changed network that the app knows nothing of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import product

import pytest
from textual.pilot import Pilot

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import Cause, CauseId, Verdict, Weight
from probes.diagnosis.remedies import RemedyId
from probes.options import Options
from probes.report import Report, report_of
from tests.tui import recordings
from tests.tui.harness import SIZES, lines, played, press, running, step, text
from tests.tui.prover import page, patiently, rows, until_over
from tests.tui.proving import Ahead, run_of
from tui import content
from tui.app import WhyrelayApp
from tui.explain import explain_cause, headline
from tui.explain.verdict import cause_words
from tui.fixing.progress import way_key
from tui.networks import Everything, Practice
from tui.proving.compare import CauseFate
from tui.screens.fix import FixPane
from tui.session import Session
from tui.settings import Settings
from tui.sources import Source
from tui.state import Step
from tui.widgets.detail import Detail
from tui.widgets.masthead import Masthead
from tui.widgets.page import Page
from tui.widgets.rows import RowList
from tui.widgets.steps import StepPage
from tui.widgets.verdict import Band

DIRECT, DEPENDS, RELAYED, UNKNOWN = (
    *(Verdict.DIRECT, Verdict.DEPENDS),
    *(Verdict.RELAYED, Verdict.UNKNOWN),
)
pytestmark = pytest.mark.usefixtures("no_hurry")

GONE, LIGHTER, STILL = CauseFate.GONE, CauseFate.LIGHTER, CauseFate.STILL


@dataclass(frozen=True)
class Walk:
    """A practice network, what is fixed there and how, and what comes of it."""

    network: str
    cause: CauseId
    remedy: RemedyId
    before: Verdict
    after: Verdict
    fate: CauseFate = GONE
    """What becomes of the cause."""
    begun_on: str = ""
    """The practice network that the program was started on; "" for none."""
    tried: Verdict | None = None
    """What a trial of the router makes of it; None where the walk needs none."""


WALKS = (
    Walk(
        *("hard-home", CauseId.HARD_NAT, RemedyId.PORT_MAPPING, RELAYED, DEPENDS),
        fate=STILL,
        tried=DIRECT,
    ),
    Walk("easy-home", CauseId.PORT_MAPPING_OFF, RemedyId.PORT_MAPPING, DIRECT, DIRECT),
    Walk("ds-lite", CauseId.CGNAT, RemedyId.PUBLIC_ADDRESS, DIRECT, DIRECT, begun_on="open"),
    Walk("udp-blocked", CauseId.UDP_BLOCKED, RemedyId.OTHER_NETWORK, RELAYED, DIRECT),
    Walk(
        *("collision", CauseId.NAT_STATE_COLLISION, RemedyId.DROP_STRANGERS, DEPENDS, DIRECT),
        begun_on="easy-home",
    ),
    Walk("own-firewall", CauseId.HOST_FIREWALL, RemedyId.ALLOW_INBOUND, DIRECT, DIRECT),
    Walk("tunnel-unbindable", CauseId.OTHER_VPN, RemedyId.PAUSE_VPN, UNKNOWN, DIRECT),
    Walk("small-packets", CauseId.MTU, RemedyId.PACKET_SIZE, DIRECT, DIRECT),
)
"""At every size."""

MORE = (
    Walk(
        *("hard-home-upnp", CauseId.HARD_NAT, RemedyId.FORWARD_PORT, DEPENDS, DIRECT),
        fate=LIGHTER,
        begun_on="hard-home",
    ),
    Walk("double-nat", CauseId.DOUBLE_NAT, RemedyId.ACCESS_POINT, DIRECT, DIRECT),
    Walk("stun-blocked", CauseId.STUN_BLOCKED, RemedyId.UNBLOCK_STUN, RELAYED, DIRECT),
    Walk("captive-portal", CauseId.CAPTIVE_PORTAL, RemedyId.SIGN_IN, UNKNOWN, DIRECT),
    Walk("public-firewall", CauseId.INBOUND_BLOCKED, RemedyId.OPEN_FIREWALL, DIRECT, DIRECT),
    Walk("forced-relay", CauseId.FORCED_RELAY, RemedyId.REMOVE_SETTING, RELAYED, DIRECT),
    Walk("port-taken", CauseId.PORT_CONFLICT, RemedyId.FREE_PORT, DIRECT, DIRECT),
)
"""On an ordinary screen: other words and other checks, in the same places."""


@pytest.fixture
def walk(request: pytest.FixtureRequest) -> Walk:
    """A practice network has a clock of its own: it is measured before a test's loop runs."""
    found: Walk = request.param
    for tried in {False, found.tried is not None}:
        report(found, fixed=False), report(found, fixed=True, tried=tried)
    return found


@cache
def every_practice() -> tuple[Practice, ...]:
    """Fifty files are read once."""
    return Everything().practice()


class AllAhead:
    """Every practice network of the program, measured in no time; this network is a recording."""

    def this(self) -> Source:
        """An ordinary home."""
        return played(recordings.EASY, "this network")

    def practice(self) -> tuple[Practice, ...]:
        """As the program lists them."""
        return every_practice()

    def open(self, name: str) -> Source:
        """Measured ahead."""
        return Ahead(name)


@cache
def report(walk: Walk, *, fixed: bool, tried: bool = False) -> Report:
    """The network as it is, or with the change made: all of it measured, without the app."""
    done = (walk.remedy,) if fixed else ()
    return report_of(run_of(walk.network, done, frozenset(), tried))


def said(found: Report) -> str:
    """Its verdict in a sentence."""
    return content.plain(headline(diagnose(found), found))


def weights(found: Report) -> dict[CauseId, Weight]:
    """What stands in the way, and how much."""
    return {cause.id: cause.weight for cause in diagnose(found).causes}


def fates(before: Report, after: Report) -> dict[CauseId, CauseFate]:
    """What became of each cause, worked out from two measurements and nothing else."""
    heft = (None, Weight.NOTES, Weight.LIMITS, Weight.BLOCKS)
    was, now = weights(before), weights(after)
    found: dict[CauseId, CauseFate] = {}
    for cause in (*was, *now):
        one, two = heft.index(was.get(cause)), heft.index(now.get(cause))
        more = CauseFate.HEAVIER if one else CauseFate.NEW
        less = CauseFate.LIGHTER if two else CauseFate.GONE
        found[cause] = more if two > one else less if two < one else CauseFate.STILL
    return found


def cause_of(walk: Walk) -> Cause:
    """What stands in the way, as it was found."""
    return next(
        each for each in diagnose(report(walk, fixed=False)).causes if each.id is walk.cause
    )


def words(shown: str) -> str:
    """On one line, however it was broken."""
    return " ".join(shown.split())


async def move(pilot: Pilot[int], listed: RowList, row: str) -> None:
    """Up or down a list to a row."""
    assert row in listed.ids
    by = listed.ids.index(row) - listed.ids.index(listed.cursor)
    await pilot.press(*["down" if by > 0 else "up"] * abs(by))
    await pilot.pause()
    assert listed.cursor == row


async def chosen(pilot: Pilot[int], app: WhyrelayApp, name: str) -> None:
    """The network, by typing how its name begins."""
    if step(app) is not Step.CHOOSE:
        await press(pilot, "b")
    assert step(app) is Step.CHOOSE
    listed, row = app.screen.query_one("#network-rows", RowList), f"practice:{name}"
    await patiently(lambda: row in listed.ids, "the list")
    await pilot.press("slash", *name[:6])
    await pilot.pause()
    assert len(listed.ids) < 10, "what is typed narrows it down"
    await move(pilot, listed, row)
    await press(pilot, "enter")
    await patiently(lambda: app.measurement.title == f"practice: {name}", "the run")
    await until_over(pilot, app)


async def understood(pilot: Pilot[int], app: WhyrelayApp, walk: Walk) -> None:
    """The verdict, and the cause with its words."""
    await press(pilot, "n")
    assert step(app) is Step.UNDERSTAND
    assert band(app).endswith(said(report(walk, fixed=False)))
    findings = app.screen.query_one("#findings", RowList)
    kinds = ("cause", "where", "note")
    [row] = (row for row in findings.ids if row in [f"{kind}:{walk.cause}" for kind in kinds])
    await move(pilot, findings, row)
    told = app.screen.query_one("#meaning", Detail)
    assert told.border_title == cause_words(walk.cause, report(walk, fixed=False)).title
    assert explain_cause(cause_of(walk), report(walk, fixed=False)).sentence in told.page.plain(300)


async def fixed(pilot: Pilot[int], app: WhyrelayApp, walk: Walk) -> None:
    """Every step of the change that is recommended for the cause is ticked."""
    await press(pilot, "n")
    assert step(app) is Step.FIX
    pane = app.screen.query_one(FixPane)
    listed, steps = pane.query_one(RowList), pane.query_one(StepPage)
    await move(pilot, listed, f"cause:{walk.cause}")
    await pilot.press("enter", "enter")
    await pilot.pause()
    assert steps.has_focus
    assert pane.looked_at == way_key(walk.remedy), "the one that is recommended"
    count = steps.page.plain().count("[ ]")
    assert count
    await pilot.press(*["space"] * count)
    await pilot.pause()
    assert f"{count} of {count} done" in steps.page.plain()


async def again(pilot: Pilot[int], app: WhyrelayApp) -> None:
    """Test again, without the waiting."""
    before = app.measurement
    await press(pilot, "r")
    assert "waiting" in text(app)
    assert app.measurement is before, "nothing is tested meanwhile"
    await press(pilot, "r")
    await patiently(lambda: app.measurement is not before, "the beginning of the test")
    await until_over(pilot, app)


def band(app: WhyrelayApp) -> str:
    """The verdict on top of Understand."""
    shown = app.screen.query_one(Band).content
    assert isinstance(shown, Page)
    return words(shown.plain())


def achieved(app: WhyrelayApp) -> bool:
    """The rail on top ticks Prove off: something is better than before."""
    return Step.PROVE in app.screen.query_one(Masthead).achieved


def became(fate: CauseFate) -> tuple[str, ...]:
    """What Prove may call it: what is lighter may be no longer in the way at all."""
    lighter = (content.plain(content.proof("harmless")),) if fate is CauseFate.LIGHTER else ()
    return (content.label(fate), *lighter)


def assert_told(app: WhyrelayApp, before: Report, after: Report) -> None:
    """Prove says what was measured: the verdicts, and what became of every cause."""
    assert weights(app.measurement.report) == weights(after)
    assert app.measurement.diagnosis.verdict is diagnose(after).verdict
    assert rows(app).cursor == "result"
    told, expected = words(page(app)), fates(before, after)
    assert f"Before {said(before)} Now {said(after)}" in told
    assert {row for row in rows(app).ids if row.startswith("cause:")} == {
        f"cause:{each}" for each in expected
    }
    for each, fate in expected.items():
        titles = {cause_words(each, side).title for side in (before, after)}
        changed = any(f"{title} {each}" in told for title in titles for each in became(fate))
        assert changed is (fate is not CauseFate.STILL), (each, fate)


@pytest.mark.parametrize(
    ("walk", "size"),
    [*product(WALKS, SIZES), *product(MORE, SIZES[1:2])],
    indirect=["walk"],
    ids=lambda each: each.network if isinstance(each, Walk) else f"{each[0]}x{each[1]}",
)
async def test_from_choose_to_prove(walk: Walk, size: tuple[int, int]) -> None:
    networks = AllAhead()
    begun = networks.open(walk.begun_on) if walk.begun_on else None
    settings = Settings(Options(), begun, reduced_motion=True, save=False, session=Session())
    app = WhyrelayApp(settings, "0", networks)
    before, after = report(walk, fixed=False), report(walk, fixed=True)
    async with running(app, size) as pilot:
        await chosen(pilot, app, walk.network)
        assert step(app) is Step.MEASURE
        assert app.measurement.diagnosis.verdict is walk.before
        await understood(pilot, app, walk)
        await fixed(pilot, app, walk)
        await press(pilot, "n")
        assert step(app) is Step.PROVE
        assert "nothing tested yet" in text(app)
        assert "✓ Fix" in lines(app)[1]
        # Steps that are ticked are no proof: on this network nothing was changed yet.
        await again(pilot, app)
        assert_told(app, before, before)
        assert not achieved(app)
        await press(pilot, "z")
        await until_over(pilot, app)
        assert app.measurement.diagnosis.verdict is walk.after
        assert fates(before, after)[walk.cause] is walk.fate
        assert_told(app, before, after)
        assert achieved(app)
        if walk.tried is not None:
            await press(pilot, "m", "y")
            await until_over(pilot, app)
            after = report(walk, fixed=True, tried=True)
            assert step(app) is Step.PROVE
            assert app.measurement.diagnosis.verdict is walk.tried
            assert_told(app, before, after)
        await move(pilot, rows(app), f"cause:{walk.cause}")
        fate = fates(before, after)[walk.cause]
        assert re.search(rf" Now \W ({'|'.join(became(fate))}) ", words(page(app)))
        await press(pilot, "3")
        assert step(app) is Step.UNDERSTAND
        assert band(app).endswith(said(after))
