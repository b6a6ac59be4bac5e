"""Prove, with the keyboard alone: a change is pretended, tested, and shown for what it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from probes.diagnosis.model import Actor, Cause, CauseId, Confidence, Weight
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.options import Options
from probes.readings.tailscale import PEERS, PINGS, PeerPath, PeerPing
from probes.report import reduce, report_of
from tests.tui import recordings
from tests.tui.harness import SIZES, Fed, eventually, lines, played, press, running, step, text
from tests.tui.proving import Ahead, Late
from tests.tui.recordings import HARD
from tui import content
from tui.app import WhyrelayApp
from tui.content import Tone, plain
from tui.peers import peers_of
from tui.proving.compare import CauseFate, CauseLine, Outcome
from tui.screens import prove
from tui.screens.choose import ChoosePane
from tui.screens.fix import FixPane
from tui.screens.prove import ProvePane
from tui.screens.prove_list import lay_pair
from tui.screens.prove_pages import fate_tone
from tui.session import Session
from tui.settings import Settings
from tui.sources import Source
from tui.state import Step
from tui.widgets.detail import Detail
from tui.widgets.rows import RowList
from tui.widgets.steps import StepPage

PORT, FORWARD, KEEP = RemedyId.PORT_MAPPING, RemedyId.FORWARD_PORT, RemedyId.KEEP_ONE_PORT


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes its time to press a key."""
    monkeypatch.setattr(prove, "PRACTICE_WAIT_S", 600.0)


def prover(
    source: Source, *, map_test: bool = True, privacy: bool = False, save: bool = False
) -> WhyrelayApp:
    """The app on a source, without motion; the router may be tried."""
    settings = Settings(
        Options(map_test=map_test),
        source,
        reduced_motion=True,
        privacy=privacy,
        save=save,
        session=Session(),
    )
    return WhyrelayApp(settings, "0")


def pane(app: WhyrelayApp) -> ProvePane:
    """The step."""
    return app.screen.query_one(ProvePane)


def page(app: WhyrelayApp) -> str:
    """The page beside the list, all of it."""
    return pane(app).query_one(Detail).page.plain()


def rows(app: WhyrelayApp) -> RowList:
    """The list."""
    return pane(app).query_one(RowList)


async def to(pilot: Pilot[int], app: WhyrelayApp, row: str) -> None:
    """Down to a row, by the keyboard."""
    await press(pilot, "home")
    for _ in rows(app).ids:
        if rows(app).cursor == row:
            return
        await press(pilot, "down")
    raise AssertionError(f"no row {row} among {rows(app).ids}")


async def until_over(pilot: Pilot[int], app: WhyrelayApp) -> None:
    """Wait until the new test is over. Pings and looks may go on for ever."""
    await patiently(lambda: app.measurement.closed, "the end of the test")
    await calm(pilot)


async def patiently(holds: Callable[[], bool], what: str) -> None:
    """As `eventually`, with the time that measuring in another thread takes on a busy machine."""
    for _ in range(11):
        with suppress(AssertionError):
            await eventually(holds, what)
        if holds():
            return
    await eventually(holds, what)


async def calm(pilot: Pilot[int]) -> None:
    """What was told is drawn."""
    await pilot.pause()
    await pilot.pause()


async def pretend(pilot: Pilot[int], app: WhyrelayApp, remedy: RemedyId) -> None:
    """Choose a change, count it as done, skip the waiting, test."""
    await to(pilot, app, f"pretend:{remedy}")
    await press(pilot, "z")
    assert "waiting" in text(app)
    before = app.measurement
    await press(pilot, "r")
    await patiently(lambda: app.measurement is not before, "the beginning of the test")
    await until_over(pilot, app)


@pytest.mark.parametrize(
    ("width", "says"),
    [(40, "relayed via fra"), (21, "✗ home-nas    relayed"), (14, "✗ home-nas")],
)
def test_a_narrow_list_says_a_path_in_fewer_words(width: int, says: str) -> None:
    row = lay_pair(Tone.BAD, "home-nas", "relayed via fra", width, short="relayed").plain
    assert says in row
    assert len(row) <= width


CAUSES = [
    ("hard-home", PORT, Outcome.CURED),
    ("udp-blocked", RemedyId.UNBLOCK_UDP, Outcome.CURED),
    ("stun-blocked", RemedyId.UNBLOCK_STUN, Outcome.CURED),
    ("captive-portal", RemedyId.SIGN_IN, Outcome.CURED),
    ("cgnat", RemedyId.PUBLIC_ADDRESS, Outcome.CURED),
    ("collision", RemedyId.DROP_STRANGERS, Outcome.CURED),
    ("forced-relay", RemedyId.REMOVE_SETTING, Outcome.CURED),
    ("port-taken", RemedyId.FREE_PORT, Outcome.BETTER),
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("name", "remedy", "outcome"), CAUSES)
async def test_a_fix_that_is_pretended_is_proven(
    name: str, remedy: RemedyId, outcome: Outcome, size: tuple[int, int]
) -> None:
    app = prover(Ahead(name))
    async with running(app, size) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        assert step(app) is Step.PROVE
        assert "nothing tested yet" in text(app)
        await pretend(pilot, app, remedy)
        assert step(app) is Step.PROVE, "it stays where the person looks"
        assert rows(app).cursor == "result"
        told = page(app)
        assert content.label(outcome).capitalize() in told
        assert content.label(remedy)[:20] in " ".join(told.split())
        assert "━━▶" in told
        assert all(len(line) == size[0] for line in lines(app))


async def test_only_what_the_change_touches_is_tested_again() -> None:
    source = Ahead("hard-home")
    app = prover(source)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, PORT)
        assert source.asked[0] == frozenset()
        assert {str(each) for each in source.asked[1]} == {
            *("local", "stun", "tailscale", "upnp", "nat-pmp", "pcp")
        }
        told = " ".join(page(app).split())
        assert "Not tested again" in told
        assert "Who is let in" in told
        assert " old)" in told


async def test_not_cured_says_what_that_tells_and_what_is_next() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5", "r")
        await until_over(pilot, app)
        told = " ".join(page(app).split())
        assert "Nothing is different" in told
        assert "No step of a fix was ticked or run" in told
        assert "Was it saved" not in told, "a look is no change"
        assert "What to try next Turn on UPnP or NAT-PMP in the router" in told
        # IPv6 helps nobody whose peer has none: better, but not direct.
        await pretend(pilot, app, RemedyId.ENABLE_IPV6)
        told = " ".join(page(app).split())
        assert "Better than before" in told
        assert "What to try next" in told


async def test_without_consent_the_next_move_is_to_try_the_router() -> None:
    app = prover(Ahead("hard-home"), map_test=False)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, PORT)
        told = " ".join(page(app).split())
        assert "✗ Relayed ━━▶ ! It depends" in told
        assert "let it be asked for one port for a minute (m)" in told


async def test_worse_is_said_plainly() -> None:
    app = prover(Ahead("hard-home", (KEEP,)))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        # Somebody takes the change back.
        app.conductor.source = Ahead("hard-home")
        await press(pilot, "r")
        await until_over(pilot, app)
        told = " ".join(page(app).split())
        assert "Worse than before" in told
        assert "✓ Direct ━━▶ ✗ Relayed" in told
        assert "Take the change back first" in told


async def test_another_network_is_said_plainly_and_tested_whole() -> None:
    source = Ahead("hard-home", moves_to="open")
    app = prover(source)
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await to(pilot, app, f"pretend:{FORWARD}")
        await press(pilot, "z", "r")
        await patiently(lambda: len(source.asked) == 3, "a whole test")
        await until_over(pilot, app)
        assert source.asked[1]
        assert source.asked[2] == frozenset()
        told = " ".join(page(app).split())
        assert "Another network" in told
        assert "cannot be held against each other" in told
        assert "━━▶" not in told
        assert "Before" not in told.partition("another network now")[2].partition("so before")[2]
        assert not any(row.startswith(("line:", "cause:")) for row in rows(app).ids)


async def test_what_turns_direct_a_moment_after_the_test_is_told_anew() -> None:
    source = Late("hard-home")
    app = prover(source, map_test=False)
    follow = " ".join(plain(content.proof("paths follow")).split())
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, PORT)
        told = " ".join(page(app).split())
        assert "It depends" in told
        assert follow in told
        assert "Turned direct" not in told
        source.found.set()
        await patiently(lambda: "Turned direct" in page(app), "the paths that came of it")
        await patiently(lambda: not app.following.looking_after, "the end of the looks")
        await calm(pilot)
        told = " ".join(page(app).split())
        assert "Turned direct since: home-nas and office-desktop" in told
        assert follow not in told
        assert "offers to open ports now" in told
        shown = text(app)
        assert re.search(r"home-nas +relayed via fra → direct", shown)


async def test_a_look_at_two_dead_servers_says_what_would_settle_it() -> None:
    app = prover(Ahead("two-servers-dead"))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5", "r")
        await until_over(pilot, app)
        told = " ".join(page(app).split())
        assert "Nothing stands in the way" not in told
        assert "Too little answered to say what would help." in told
        assert "To settle it:" in told
        assert re.search(r"Could not tell\s+━━▶ +\? Could not tell", told), "broken in no word"


async def test_pings_go_from_relay_to_direct_before_one_s_eyes() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5", "u")
        await patiently(lambda: app.following.result == "derp", "ten seconds without an answer")
        await calm(pilot)
        assert app.following.peer is not None
        assert app.following.peer.name == "home-nas", "a relayed one comes first"
        told = page(app)
        assert "ten seconds went by without a direct answer" in " ".join(told.split())
        assert "○○○○○○○○○○○○" in told
        await press(pilot, "u")
        await patiently(lambda: not app.following.pinging, "the end of the pings")
        await pretend(pilot, app, FORWARD)
        await press(pilot, "u")
        await patiently(lambda: app.following.result == "direct", "a direct answer")
        await calm(pilot)
        told = page(app)
        assert "○○○✓" in told
        assert "45.83.242.21:50813" in told
        assert "home-nas: direct." in text(app), "it is told"


async def test_the_watch_tells_of_flips_on_whichever_step() -> None:
    app = prover(Ahead("back-and-forth"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        assert step(app) is Step.PROVE
        await press(pilot, "3")
        await patiently(lambda: app.following.history.looks >= 14, "a minute of looks")
        await calm(pilot)
        assert step(app) is Step.UNDERSTAND
        await press(pilot, "5")
        told = page(app)
        assert "home-nas: relayed → direct (45.83.242.21:50813)" in told
        assert "office-desktop: direct → via peer relay" in " ".join(told.split())
        assert "━" in told
        await press(pilot, "f")
        await patiently(lambda: not app.following.watching, "the end of the watch")
        assert "home-nas" in page(app), "what was seen stays"


@pytest.mark.parametrize("privacy", [False, True])
async def test_what_was_seen_last_of_a_path_is_shown_everywhere(privacy: bool) -> None:
    """The list of Prove, the one of Choose and the line on top say what the last ping said."""
    app = prover(Ahead("easy-home"), privacy=privacy)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        phone = next(each for each in app.peers_now(app.measurement) if each.system == "android")
        await press(pilot, "1")
        assert f"○ {phone.name}" in text(app)
        assert app.conductor.source is not None
        app.conductor.look(app.conductor.source, "100.71.8.44")
        await until_over(pilot, app)
        await press(pilot, "5")
        assert " · idle" in lines(app)[0] or " · relayed" in lines(app)[0]
        await press(pilot, "u")
        await patiently(lambda: app.following.result == "derp", "ten seconds on the relay")
        await calm(pilot)
        assert app.measurement.report.value(PEERS) is not None
        assert " · relayed via nyc" in lines(app)[0]
        assert re.search(rf"✗ {phone.name} +relayed via nyc", text(app))
        await press(pilot, "1")
        assert re.search(rf"✗ {phone.name} +relayed via nyc", text(app))
        await press(pilot, "r")
        await until_over(pilot, app)
        await press(pilot, "1")
        assert re.search(rf"○ {phone.name} +idle", text(app)), "what is measured anew is newer"


async def test_the_paths_that_come_of_a_change_show_without_being_asked_for() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        assert re.search(r"✗ home-nas +relayed via", text(app))
        await pretend(pilot, app, FORWARD)
        assert app.following.history.looks == 0, "nobody watches"

        def reached() -> bool:
            return any(
                peer.name == "home-nas" and peer.path is PeerPath.DIRECT
                for peer in app.peers_now(app.measurement)
            )

        await patiently(reached, "home-nas to be direct")
        await calm(pilot)
        assert re.search(r"✓ home-nas +direct", text(app))


def test_what_pings_of_the_run_showed_is_the_path() -> None:
    (nas, media, *_) = recordings.DEVICES
    ledger = report_of(recordings.tailnet(recordings.HARD, (nas, media)))
    assert peers_of(ledger) is ledger.value(PEERS), "nothing is newer"
    relayed = PeerPing(nas.name, PeerPath.DERP, "fra", 10, None)
    reached = PeerPing(nas.name, PeerPath.DIRECT, "192.0.2.7:41641", 2, 3000.0)
    for ping, path in ((relayed, nas.path), (reached, PeerPath.DIRECT)):
        told = reduce(ledger, recordings.known(PINGS, (ping,), 5.0))
        first, other = peers_of(told)
        assert (first.path, other) == (path, media)
    assert first.via == "192.0.2.7:41641"


def test_a_long_name_gives_up_letters_before_its_path_goes() -> None:
    row = lay_pair(Tone.BAD, "office-desktop", "relayed via sfo", 23, short="relayed").plain
    assert row == "✗ office-deskt… relayed"
    row = lay_pair(Tone.NOTE, "Network without IPv6", "weighs less", 31, short="lighter").plain
    assert row == "! Network without IPv6  lighter"


@pytest.mark.parametrize(
    ("fate", "weight", "tone"),
    [
        (CauseFate.NEW, Weight.NOTES, Tone.NOTE),
        (CauseFate.NEW, Weight.LIMITS, Tone.BAD),
        (CauseFate.LIGHTER, Weight.NOTES, Tone.NOTE),
        (CauseFate.GONE, Weight.BLOCKS, Tone.GOOD),
    ],
)
def test_a_note_that_is_new_is_nothing_bad_and_what_is_still_there_nothing_good(
    fate: CauseFate, weight: Weight, tone: Tone
) -> None:
    cause = Cause(CauseId.SETTLING, weight, Confidence.CERTAIN, Actor.NOBODY, (), ())
    assert fate_tone(CauseLine(cause, fate)) is tone


async def test_a_watch_goes_on_over_a_change_that_is_pretended() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "a minute of looks")
        before = app.following.history.looks
        await pretend(pilot, app, FORWARD)
        await patiently(lambda: app.following.history.looks >= before + 14, "another one")
        await calm(pilot)
        flips = [each for each in app.following.history.moments if each.flips]
        assert {each.after for each in flips} == {"direct"}
        assert app.following.watching
        last = app.following.history.look
        assert last is not None
        seen = {each.name: each.path for each in last.peers}
        assert seen["home-nas"] == "direct"


@pytest.mark.parametrize(
    ("name", "wanted", "absent"),
    [("hard-home", "u Ping   f Watch", "z Pretend"), ("container", "z Pretend", "u Ping")],
)
async def test_only_what_can_be_done_is_offered_below(name: str, wanted: str, absent: str) -> None:
    app = prover(Ahead(name))
    async with running(app) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        assert wanted in lines(app)[-1]
        assert absent not in lines(app)[-1]


async def test_a_flip_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(WhyrelayApp, "bell", lambda self: rung.append(1))
    app = prover(Ahead("back-and-forth"))
    async with running(app) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "a minute of looks")
    assert len(rung) == 4


def _files(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in folder.glob("*.txt")]


async def test_before_and_after_are_copied_and_kept_masked_if_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app = prover(Ahead("hard-home"), save=True)
    async with running(app) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5", "ctrl+s")
        assert "nothing to keep yet" in " ".join(text(app).split())
        await pretend(pilot, app, FORWARD)
        await press(pilot, "c")
        assert "Verdict: Relayed -> Direct" in app.clipboard
        assert "45.83.223.10" in app.clipboard
        await press(pilot, "p", "ctrl+s")
        assert str(tmp_path / "whyrelay-proof-") in "".join(
            each.strip(" │…") for each in lines(app)
        )
        assert _files(tmp_path) == [], "only a yes writes it"
        await press(pilot, "n", "ctrl+s", "y")
    [kept] = _files(tmp_path)
    assert "Verdict: Relayed -> Direct" in kept
    assert "45.83.223.10" not in kept


async def test_nothing_is_written_where_nothing_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = prover(Ahead("hard-home"))
    async with running(app) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, FORWARD)
        await press(pilot, "ctrl+s")
        assert "--no-save" in text(app)
    assert _files(tmp_path) == []


async def test_privacy_masks_peers_pings_and_the_watch() -> None:
    app = prover(Ahead("back-and-forth"), privacy=True)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5", "u")
        await patiently(lambda: bool(app.following.pings), "a ping")
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "looks")
        await calm(pilot)
        shown = text(app) + page(app)
        for secret in ("home-nas", "office-desktop", "45.83.", "100.71."):
            assert secret not in shown


HOSTILE = "nas[/x][@click=app.quit]\x1b]52;c;AAAA\x07\u202e" + "n" * 300


async def test_hostile_names_are_only_ever_shown() -> None:
    source = Ahead("back-and-forth")
    app = prover(source)
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        report = app.conductor.latest.report
        peers = tuple(replace(each, name=HOSTILE) for each in report.value(PEERS) or ())
        reading = replace(report.readings[PEERS.id], value=peers)  # type: ignore[arg-type]
        hostile = replace(report, readings={**report.readings, PEERS.id: reading})
        app.conductor._show(app.conductor._of(source.title, hostile))
        await press(pilot, "5", "u")
        await patiently(lambda: bool(app.following.pings), "a ping")
        await calm(pilot)
        for screen in (text(app), page(app)):
            assert "\x1b" not in screen
            assert "\u202e" not in screen
        assert "[@click=app.quit]" in page(app)
        assert app.is_running


async def test_a_recording_has_nobody_to_ping_or_watch() -> None:
    app = prover(played(HARD))
    async with running(app) as pilot:
        await press(pilot, "5", "u")
        assert "no peer to ping" in " ".join(text(app).split())
        await press(pilot, "f")
        assert "nothing to watch" in " ".join(text(app).split())
        await press(pilot, "z")
        assert "nothing to pretend" in " ".join(text(app).split())


async def test_every_row_has_its_page_and_a_help_topic() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, PORT)
        await press(pilot, "home")
        pages = set()
        for row in rows(app).ids:
            assert rows(app).cursor == row
            assert page(app)
            pages.add(page(app))
            await press(pilot, "down")
        assert len(pages) >= len(rows(app).ids) - 3
        await press(pilot, "question_mark")
        assert "Did it work?" in text(app)


async def test_from_fix_the_way_that_is_looked_at_is_the_one_that_is_pretended() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "4", "down")
        assert "pretend that it is done" in " ".join(text(app).split())
        await press(pilot, "z")
        assert step(app) is Step.PROVE
        assert app.conductor.proofs["practice: hard-home"].remedy == FORWARD


@pytest.mark.parametrize("key", ["5", "3"])
async def test_nothing_is_pretended_that_nobody_chose(key: str) -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, key, "z")
        assert "practice: hard-home" not in app.conductor.proofs
        assert step(app) is Step.PROVE
        assert rows(app).cursor == f"pretend:{pane(app).can_pretend()[0]}", "it may be chosen"
        told = " ".join(text(app).split())
        assert "Nothing is pretended yet. Once more (z) pretends what the cursor is on now" in told
        assert f"now: {content.label(PORT)}." in told
        await press(pilot, "z")
        assert app.conductor.proofs["practice: hard-home"].pretended == (PORT,)


async def test_the_only_change_there_is_needs_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        monkeypatch.setattr(ProvePane, "can_pretend", lambda _pane: (FORWARD,))
        await press(pilot, "z")
        assert app.conductor.proofs["practice: hard-home"].pretended == (FORWARD,)


async def test_what_was_pretended_for_another_device_is_told_as_such() -> None:
    app = prover(Ahead("easy-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        for name, remedy in (("rented-server", FORWARD), ("home-nas", RemedyId.ENABLE_IPV6)):
            await look_at(pilot, app, name)
            await press(pilot, "5")
            await pretend(pilot, app, remedy)
        await to(pilot, app, "result")
        told = " ".join(page(app).partition("Changed")[2].split())
        assert told.startswith(f"{content.label(FORWARD)}, for rented-server")
        assert f"{content.label(RemedyId.ENABLE_IPV6)}, for" not in told, "that was for this one"
        assert f"Changed: {content.label(FORWARD)}, for rented-server" in pane(app)._export()
        await press(pilot, "p")
        assert "rented-server" not in page(app) + pane(app)._export()


async def look_at(pilot: Pilot[int], app: WhyrelayApp, name: str) -> None:
    """Choose a device in Choose."""
    await press(pilot, "1")
    devices = app.screen.query_one(ChoosePane)
    listed = app.measurement.report.value(PEERS) or ()
    at = next(place for place, peer in enumerate(listed) if peer.name == name)
    devices.query_one(RowList).cursor = f"peer:{at}"
    await press(pilot, "enter")
    await until_over(pilot, app)


async def test_who_chooses_another_device_has_done_with_the_one_before() -> None:
    app = prover(Ahead("easy-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await look_at(pilot, app, "home-nas")
        await press(pilot, "u")
        assert app.following.pinging
        assert rows(app).cursor.startswith("peer:")
        await press(pilot, "1", "5")
        assert app.following.pinging, "going elsewhere ends nothing"
        await look_at(pilot, app, "rented-server")
        await press(pilot, "5")
        await calm(pilot)
        assert not app.following.pinging
        assert rows(app).cursor == "result"


async def test_while_something_is_tested_nothing_else_is_told_of_it() -> None:
    waits = Fed("practice: hard-home", begun=recordings.HARD)
    app = prover(waits)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        assert "Nothing was tested since" in " ".join(page(app).split())
        waits.begun = recordings.HARD[:4]
        await press(pilot, "r")
        await patiently(lambda: app.measurement.running, "the beginning of the test")
        await calm(pilot)
        told = " ".join(page(app).split())
        assert "Nothing was tested since" not in told
        assert content.plain(content.proof("testing")) in told


async def test_what_nobody_can_foretell_is_neither_offered_nor_replaced_by_another_change() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "4")
        fix = app.screen.query_one(FixPane)
        offers = set()
        for row, (_, way) in fix._listed.ways.items():
            fix.query_one(RowList).cursor = row
            await calm(pilot)
            offer = content.plain(content.fixing("pretend"))
            offered = offer in " ".join(fix.query_one(StepPage).page.plain().split())
            can = way.whose is Whose.THIS and app.conductor.source.after(way.remedy.id) is not None  # type: ignore[union-attr]
            assert offered is can, row
            offers.add(offered)
            if not offered:
                await press(pilot, "z")
                assert step(app) is Step.FIX
                assert "cannot be pretended" in text(app)
        assert offers == {True, False}
        assert not app.conductor.proofs


async def test_all_that_was_pretended_is_named() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, FORWARD)
        await pretend(pilot, app, RemedyId.ENABLE_IPV6)
        await to(pilot, app, "result")
        told = page(app).partition("Changed")[2]
        assert told.index(content.label(FORWARD)) < told.index(content.label(RemedyId.ENABLE_IPV6))
        assert pane(app)._export().count("Changed: ") == 2


async def test_while_it_is_measured_the_keys_say_so() -> None:
    app = prover(Fed("practice: hard-home"))
    async with running(app, (80, 24)) as pilot:
        await press(pilot, "5")
        assert "still being measured" in text(app)
        await press(pilot, "r")
        assert "It is still being measured" in text(app)


async def test_trying_the_router_afterwards_settles_it() -> None:
    app = prover(Ahead("hard-home"), map_test=False)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, PORT)
        assert "It depends" in page(app)
        app._consented(True)
        await until_over(pilot, app)
        await to(pilot, app, "result")
        told = " ".join(page(app).split())
        assert "✗ Relayed ━━▶ ✓ Direct" in told


async def test_a_watch_goes_on_while_another_network_is_looked_at() -> None:
    app = prover(Ahead("back-and-forth"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "looks")
        app.conductor.measure(Ahead("open"))
        await until_over(pilot, app)
        await press(pilot, "home", "down")
        assert app.following.watching
        assert "practice: back-and-forth" in page(app)


async def test_a_practice_network_can_be_begun_afresh() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, FORWARD)
        assert app.measurement.diagnosis.verdict == "direct"
        await app.screen.run_action("afresh")
        await until_over(pilot, app)
        assert app.measurement.diagnosis.verdict == "relayed"
        assert "nothing tested yet" in text(app)
        await app.screen.run_action("afresh")
        await calm(pilot)
        assert "Nothing was pretended here" in text(app)


async def test_what_was_ticked_in_fix_is_waited_for_and_compared_with_before() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "4", "space")
        await calm(pilot)
        before = app.progress.before
        assert before is not None
        assert app.progress.started(PORT)
        await press(pilot, "5", "r")
        assert "waiting" in text(app)
        await press(pilot, "r")
        await until_over(pilot, app)
        proof = app.conductor.proofs["practice: hard-home"]
        assert (proof.before, proof.remedy) == (before, PORT)
        told = " ".join(page(app).split())
        assert "Nothing is different" in told
        assert "What to try next Forward the VPN's UDP port" in told
