"""The two sides in Understand: the answer, the table, the chosen peer, the other side's answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from textual import events
from textual.app import SystemCommand
from textual.pilot import Pilot

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import NatClass, Result
from probes.diagnosis.pair import predict
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.sides import side_of
from probes.diagnosis.what_if import Whose
from probes.elsewhere.recognise import recognise
from probes.elsewhere.report import report_of_found
from probes.events import Event
from probes.readings.tailscale import PeerPath
from probes.report import Report, report_of
from tests.tui import recordings
from tests.tui.harness import (
    SIZES,
    eventually,
    lines,
    make,
    played,
    press,
    running,
    settled,
    step,
    text,
)
from tests.tui.proving import Ahead
from tests.tui.screenshots import run_of
from tests.tui.test_hostile import assert_harmless
from tests.unit.cli.golden import run
from tests.unit.tailscale.recorded import recorded
from tui import content
from tui.app import WhyrelayApp
from tui.explain import HopId
from tui.json_view import report_from_json, report_to_json
from tui.pair_view import headline as pair_headline
from tui.screens import prove
from tui.screens.between import _RULE, KINDS, pair_table, to_send
from tui.screens.findings import entries, line_of
from tui.screens.open import Box, OpenScreen
from tui.state import Measurement, OtherSide, Step
from tui.widgets.detail import Detail
from tui.widgets.path import hops
from tui.widgets.rows import RowList

PEERS = recordings.tailnet(recordings.HARD)


async def at(pilot: Pilot[int], row: str) -> str:
    """The page of a finding."""
    rows = pilot.app.screen.query_one("#findings", RowList)
    assert row in rows.ids
    rows.cursor = row
    await pilot.pause()
    return pilot.app.screen.query_one("#meaning", Detail).page.plain()


def with_peer(number: int, run: tuple[Event, ...] = PEERS) -> WhyrelayApp:
    """The app on a run, with a device of its tailnet in mind."""
    app = make(played(run))
    app.conductor._peers[app.settings.source.title] = f"100.100.0.{number + 1}"  # type: ignore[union-attr]
    return app


@pytest.mark.parametrize(
    ("run", "own"),
    [(recordings.OPEN, "no NAT"), (recordings.EASY, "easy NAT"), (recordings.HARD, "hard NAT")],
)
async def test_the_table_holds_what_was_measured_in_this_side_s_row(
    run: tuple[Event, ...], own: str
) -> None:
    app = make(played(run))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3")
        page = await at(pilot, "pair:table")
        row = next(line for line in page.splitlines() if line.startswith("▸"))
        assert row.startswith(f"▸ {own}")
        outlook = app.measurement.diagnosis.outlook
        for each in (outlook.none, outlook.easy, outlook.hard):
            assert content.label(each.result) in row
        assert "not known yet" in page, "which column is the other side's"
        await press(pilot, "e")
        assert "stun.answers4" in await at(pilot, "pair:table")


@pytest.mark.parametrize("size", SIZES)
async def test_the_chosen_peer_has_a_page_and_stands_at_the_end_of_the_path(
    size: tuple[int, int],
) -> None:
    app = with_peer(0)
    async with running(app, size) as pilot:
        await press(pilot, "3")
        page = await at(pilot, "pair:peer")
        assert "relayed via fra" in page
        assert app.measurement.diagnosis.peer is not None
        if size != (60, 18):
            assert "home-nas" in "".join(lines(app)[3:9]), "in the picture"
        await press(pilot, "e")
        assert "tailscale.peers" in await at(pilot, "pair:peer")


@pytest.mark.parametrize("number", range(len(recordings.DEVICES)))
async def test_a_peer_on_each_kind_of_path_is_explained(number: int) -> None:
    app = with_peer(number)
    async with running(app) as pilot:
        await press(pilot, "3")
        page = await at(pilot, "pair:peer")
        assert "How sure" in page
        for row in ("pair:answer", "pair:table", "pair:ask", "pair:mind"):
            assert len(await at(pilot, row)) > 60


@pytest.mark.parametrize("size", SIZES)
async def test_the_other_side_s_answer_makes_the_pair_exact(size: tuple[int, int]) -> None:
    for name in ("easy_easy", "hard_hard"):
        answer = recorded(f"{name}.netcheck1.txt")
        theirs = side_of(report_of_found(recognise(answer.encode()), "paste"))
        app = make(played(recordings.HARD))
        async with running(app, size) as pilot:
            await press(pilot, "3", "a")
            assert isinstance(app.screen, OpenScreen)
            app.screen.query_one(Box).post_message(events.Paste(answer))
            await pilot.pause()
            await press(pilot, "enter")
            await settled(pilot)
            assert step(app) is Step.UNDERSTAND
            expected = predict(side_of(app.measurement.report), theirs)
            page = await at(pilot, "pair:measured")
            assert content.label(expected.result) in page
            assert content.label(theirs.nat4.nat_class) in page
            table = await at(pilot, "pair:table")
            assert "[" in table, "the other side's column is marked"
            assert "not known yet" not in table
            cell = table[table.index("[") : table.index("]")]
            assert content.label(expected.result) in cell, "the table says the same"
            assert content.label(app.measurement.verdict) in lines(app)[0]
            await press(pilot, "e")
            assert "At the other side" in await at(pilot, "pair:measured")
            # Another look at another network and back: it is still there.
            assert app.measurement.other is not None
            await press(pilot, "p")
            assert "pair:measured" in app.screen.query_one("#findings", RowList).ids


@pytest.mark.usefixtures("no_hurry")
@pytest.mark.parametrize(
    ("answer", "outcome", "verdict"),
    [("easy_hard", "direct now", "Direct"), ("hard_hard", "no better than before", "Relayed")],
)
async def test_prove_judges_the_pair_once_the_other_side_has_answered(
    answer: str, outcome: str, verdict: str
) -> None:
    """An easy NAT here is enough for an easy peer, and not for a hard one."""
    app = make(Ahead("hard-home"))
    async with running(app) as pilot:
        await eventually(lambda: app.measurement.closed, "the end of the run")
        await press(pilot, "3", "a")
        app.screen.query_one(Box).post_message(events.Paste(recorded(f"{answer}.netcheck1.txt")))
        await pilot.pause()
        await press(pilot, "enter")
        await settled(pilot)
        await press(pilot, "5")
        pane = app.screen.query_one(prove.ProvePane)
        pane.pretend(f"{RemedyId.KEEP_ONE_PORT}:{Whose.THIS}")
        await press(pilot, "r")
        await eventually(lambda: app.measurement.closed, "the end of the test")
        await settled(pilot)
        page = pane.query_one(Detail).page.plain()
        assert page.splitlines()[0][2:].lower() == outcome
        assert f"━━▶  ✓ {verdict}" in page or f"━━▶  ✗ {verdict}" in page
        assert app.measurement.pair is not None
        assert pair_headline(app.measurement.pair) in " ".join(page.split())


@pytest.mark.parametrize(
    ("other", "weighty", "obstacle"),
    [
        ("full-cone", set(), None),
        ("easy-home", {"hard-nat", "port-mapping-off", "ipv6-missing"}, HopId.WAY_OUT),
        ("udp-blocked", {"hard-nat", "port-mapping-off", "ipv6-missing"}, HopId.WAY_OUT),
        ("hard-home", {"both-hard", "hard-nat", "port-mapping-off", "ipv6-missing"}, HopId.WAY_OUT),
    ],
)
def test_the_list_and_the_picture_are_of_the_pair_once_the_other_side_has_answered(
    other: str, weighty: set[str], obstacle: HopId | None
) -> None:
    """A hard NAT stands in nobody's way whom the other side lets in."""
    theirs = _moved(report_of(run(other)))
    found = Measurement("here", report_of(run("hard-home")), other=OtherSide("theirs", theirs))
    listed = {name.partition(":")[2] for name in entries(found) if name.startswith("cause:")}
    assert listed == weighty
    stops = hops(found.report, found.judged)
    assert [hop.id for hop in stops if hop.obstacle] == ([obstacle] if obstacle else [])
    assert stops[-1].name == "the other side"


def _moved(report: Report) -> Report:
    """The same practice home, at another address."""
    text = json.dumps(report_to_json(report, diagnose(report), ""))
    for old, new in (("45.83.223.", "45.83.199."), ("192.168.1.", "192.168.9.")):
        text = text.replace(old, new)
    found = report_from_json(json.loads(text))
    return replace(found, network_id="another")


@pytest.mark.parametrize("key", ["delete", "backspace"])
async def test_the_other_side_s_answer_can_be_forgotten(key: str) -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3", key)
        assert "There is no answer of the other side to forget." in text(app)
        before = lines(app)[0]
        await press(pilot, "a")
        app.screen.query_one(Box).post_message(events.Paste(recorded("easy_easy.netcheck1.txt")))
        await pilot.pause()
        await press(pilot, "enter")
        await settled(pilot)
        await at(pilot, "pair:measured")
        assert "del forgets" in text(app)
        await press(pilot, key)
        assert app.measurement.other is None
        assert "pair:measured" not in app.screen.query_one("#findings", RowList).ids
        assert lines(app)[0] == before, "the verdict is of this side alone again"
        assert any("Forget the other side" in each.title for each in _palette(app))


def _palette(app: WhyrelayApp) -> list[SystemCommand]:
    return list(app.get_system_commands(app.screen))


async def test_the_two_lines_for_the_other_side_are_copied() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3")
        page = await at(pilot, "pair:ask")
        for words in ("NAS", "phone", "tailscale netcheck"):
            assert words in page
        await press(pilot, "c")
        assert app.clipboard == to_send()
        assert len(app.clipboard.splitlines()) == 2
        assert "tailscale netcheck" in app.clipboard
        assert "`" not in app.clipboard


async def test_what_is_open_is_named_with_what_would_settle_it() -> None:
    app = make(played(recordings.UDP_BLOCKED))
    async with running(app) as pilot:
        await press(pilot, "3")
        page = await at(pilot, "pair:mind")
        assert "still open" in page
        assert "test again" in page.lower()
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3")
        hard = await at(pilot, "cause:hard-nat")
        assert "What would change this" in hard


@pytest.mark.parametrize(("width", "name"), [(24, "! Answer"), (30, "! The answer")])
def test_the_answer_is_whole_in_a_narrow_list(width: int, name: str) -> None:
    known = Measurement("practice", report_of(run_of("tailscale-signed-out")))
    row = line_of(entries(known)["pair:answer"])(width).plain
    assert row.startswith(name)
    assert row.rstrip().endswith("Not connected")


def test_the_rule_in_the_table_is_tailscale_s_own() -> None:

    for one in KINDS:
        for other in KINDS:
            found = _RULE[one][KINDS.index(other)]
            assert found is _RULE[other][KINDS.index(one)], "it does not matter who is who"
            open_ = NatClass.NONE in (one, other) or one is other is NatClass.EASY
            assert found is (Result.DIRECT if open_ else Result.RELAYED)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names_at_the_other_end(size: tuple[int, int]) -> None:
    bad = recordings.HOSTILE
    devices = (recordings.device(bad, PeerPath.DERP, bad, 0),)
    app = with_peer(0, recordings.tailnet(recordings.hostile(), devices))
    async with running(app, size) as pilot:
        await press(pilot, "3", "a")
        words = f"{bad}\n{recorded('easy_easy.status.txt')}"
        app.screen.query_one(Box).post_message(events.Paste(words))
        await pilot.pause()
        assert_harmless(lines(app))
        await press(pilot, "enter")
        await settled(pilot)
        for row in ("pair:peer", "pair:answer", "pair:measured", "pair:table", "pair:mind"):
            await at(pilot, row)
            assert_harmless(lines(app))
        await press(pilot, "e")
        for row in ("pair:peer", "pair:answer", "pair:measured", "pair:table"):
            await at(pilot, row)
            assert_harmless(lines(app))
        assert app.return_value is None
        assert "[/x]" in text(app)


@pytest.mark.parametrize("run_", [recordings.HARD, recordings.EASY, recordings.NO_NETWORK])
@pytest.mark.parametrize("width", range(28, 64, 3))
def test_the_table_keeps_its_words_whole_and_apart(run_: tuple[Event, ...], width: int) -> None:
    first, kinds, *rows = (
        line.plain for line in pair_table(Measurement("x", report_of(run_)))(width)
    )
    assert first.split()[0] == "this"
    assert "other side" in first
    assert "sideother" not in first
    starts = [kinds.index(word) for word in ("none" if "none" in kinds else "no", "easy", "hard")]
    for row in (kinds, *rows):
        assert "…" not in row
        assert len(row) <= width
        assert all(row[at - 1] == " " != row[at] for at in starts), row


async def test_an_answer_shows_what_it_means_and_not_the_readings_that_were_seen_before() -> None:
    app = make()
    async with running(app) as pilot:
        await press(pilot, "3", "e", "a")
        app.screen.query_one(Box).post_message(events.Paste(recorded("easy_easy.netcheck1.txt")))
        await pilot.pause()
        await press(pilot, "enter")
        await settled(pilot)
        assert "How sure" in text(app)
        assert "─ Evidence ─" not in text(app)
