"""The list and the pages of Prove: laid out, copied, kept, masked, and harmless."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probes.diagnosis.model import Actor, Cause, CauseId, Confidence, Weight
from probes.readings.tailscale import PEERS
from tests.tui.harness import lines, press, running, text
from tests.tui.prover import (
    FORWARD,
    PORT,
    calm,
    page,
    patiently,
    pretend,
    prover,
    rows,
    until_over,
)
from tests.tui.proving import Ahead
from tui import content
from tui.content import Tone
from tui.proving.compare import CauseFate, CauseLine
from tui.proving.fates import fate_short, fate_words
from tui.proving.lines import Line, Value
from tui.screens.prove_list import lay_line, lay_pair
from tui.screens.prove_pages import fate_tone

pytestmark = pytest.mark.usefixtures("no_hurry")


@pytest.mark.parametrize(
    ("width", "says"),
    [(40, "relayed via fra"), (21, "✗ home-nas    relayed"), (14, "✗ home-nas")],
)
def test_a_narrow_list_says_a_path_in_fewer_words(width: int, says: str) -> None:
    row = lay_pair(Tone.BAD, "home-nas", "relayed via fra", width, short="relayed").plain
    assert says in row
    assert len(row) <= width


def test_a_long_name_gives_up_letters_before_its_path_goes() -> None:
    row = lay_pair(Tone.BAD, "office-desktop", "relayed via sfo", 23, short="relayed").plain
    assert row == "✗ office-deskt… relayed"
    row = lay_pair(Tone.NOTE, "Network without IPv6", "matters less", 31, short="eased").plain
    assert row == "! Network without IPv6    eased"


def test_a_narrow_list_says_of_an_open_port_what_counts() -> None:
    before, after = Value("hard NAT"), Value("hard NAT, open port", Tone.GOOD, short="open port")
    line = Line("nat4", "IPv4 NAT", before, after)
    assert lay_line(line, 26).plain.split() == ["✓", "IPv4", "NAT", "→", "open", "port"]
    assert "→ hard NAT, open port" in lay_line(line, 36).plain


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


@pytest.mark.parametrize("weight", [Weight.NOTES, Weight.LIMITS])
@pytest.mark.parametrize("fate", CauseFate)
def test_what_became_of_a_cause_is_whole_in_a_narrow_list(fate: CauseFate, weight: Weight) -> None:
    for each in CauseId:
        became = CauseLine(
            Cause(each, weight, Confidence.CERTAIN, Actor.NOBODY, (), ()),
            fate,
        )
        title, word, name = content.cause(each).title, fate_words(became), content.short_cause(each)
        short = fate_short(became)
        line = lay_pair(Tone.NOTE, title, word, 26, short=short, short_name=name).plain
        assert "…" not in line
        assert fate is CauseFate.STILL or line.endswith((word, short))
