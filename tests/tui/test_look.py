"""How it looks: contrast, a sign and a word for every state, ASCII, masking, copying."""

from __future__ import annotations

import ipaddress
import re

import pytest
from textual.color import Color
from textual.theme import Theme

from probes.diagnosis.model import CauseId
from tests.tui import recordings
from tests.tui.harness import SIZES, Fed, lines, make, played, press, running, settled, text
from tui import content
from tui.app import WhyrelayApp
from tui.content import Tone
from tui.glyphs import printable, to_ascii
from tui.theme import DARK, LIGHT, LOOKS, VARIABLES

TEXTS = ("good", "bad", "note", "unsure", "busy", "quiet", "strong", "link")
GROUNDS = ("cursor", "cursor-blurred", "hover")


def contrast(text_: str, ground: str) -> float:
    """WCAG 2.2, section 1.4.3."""

    def luminance(name: str) -> float:
        channels = (channel / 255 for channel in Color.parse(name).rgb)
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(text_), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: str(theme.name))
def test_every_text_can_be_read_on_every_ground(theme: Theme) -> None:
    own = theme.variables
    assert set(own) >= set(VARIABLES)
    assert theme.background is not None
    assert theme.panel is not None
    assert theme.foreground is not None
    grounds = [theme.background, theme.panel, *(own[name] for name in GROUNDS)]
    for name in TEXTS:
        for ground in grounds:
            assert contrast(own[name], ground) >= 4.5, (name, ground)
    for ground in grounds:
        assert contrast(theme.foreground, ground) >= 7.0, ground
    for tone in ("good", "bad", "note", "unsure", "busy", "quiet"):
        band = own[f"{tone}-band"]
        assert contrast(own[tone], band) >= 4.5, tone
        assert contrast(own["strong"], band) >= 7.0, tone


def test_every_tone_has_a_sign_of_its_own_in_both_sets() -> None:
    signs = [look.glyph for look in LOOKS.values()]
    assert set(LOOKS) == set(Tone)
    assert len(set(signs)) == len(signs)
    assert len(set(map(to_ascii, signs))) == len(signs)
    assert to_ascii("✗ Relayed  ━━▶  ✓ Direct") == "x Relayed  ==>  + Direct"


@pytest.mark.parametrize("size", SIZES)
async def test_ascii_alone(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD), ascii=True)
    async with running(app, size) as pilot:
        width = size[0]
        for where in ("1", "2", "3", "e", "4", "5", "question_mark", "escape", "f1", "escape"):
            await press(pilot, where)
            for line in lines(app):
                assert line.isascii(), line
                assert len(line) == width
        for key, close in (("l", "escape"), ("o", "escape"), ("a", "escape"), ("d", "3")):
            await press(pilot, key)
            assert all(line.isascii() for line in lines(app)), key
            await press(pilot, close)
        await press(pilot, "3")
        every = app.screen.query_one("#findings").ids  # type: ignore[attr-defined]
        for row in every if size == (80, 24) else every[:3]:
            app.screen.query_one("#findings").cursor = row  # type: ignore[attr-defined]
            await pilot.pause()
            assert all(line.isascii() for line in lines(app)), row
        app.screen.query_one("#findings").cursor = "field:mapping-varies"  # type: ignore[attr-defined]
        await pilot.pause()
        assert any("x MappingVaries" in line for line in lines(app))
        app.screen.query_one("#findings").cursor = "field:udp"  # type: ignore[attr-defined]
        await pilot.pause()
        assert "+ UDP" in text(app)


async def test_ascii_while_it_runs() -> None:
    app = make(Fed(begun=recordings.MID_RUN), ascii=True)
    async with running(app):
        assert "######----" in text(app), "the bar"
        assert all(line.isascii() for line in lines(app))


def test_stand_ins_keep_the_width() -> None:
    from rich.cells import cell_len

    for sign in "✓✗●○∙◐▌▶█━═╌…·•–—→←╭╮╰╯│─┃▔▁▊é漢\N{NO-BREAK SPACE}🔎":
        assert cell_len(to_ascii(sign)) == cell_len(sign), sign
        assert to_ascii(sign).isascii()


def test_the_last_lock_lets_nothing_through() -> None:
    assert printable("a\x1b[2Jb\x9b31m\u202ec\u200b") == "a[2Jb31mc"
    assert printable("plain ✓") == "plain ✓"


async def test_light_and_dark() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        assert app.theme == "whyrelay-dark"
        await press(pilot, "t")
        assert app.theme == "whyrelay-light"
        assert not app.current_theme.dark
        await press(pilot, "t")
        assert app.theme == "whyrelay-dark"


@pytest.mark.parametrize(
    ("colorfgbg", "theme"),
    [("0;15", "whyrelay-light"), ("15;0", "whyrelay-dark"), ("", "whyrelay-dark")],
)
def test_the_terminals_own_ground_decides_at_first(
    colorfgbg: str, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORFGBG", colorfgbg)
    assert make().theme == theme


async def test_without_colour_signs_and_words_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3")
        assert app.no_color
        app.screen.query_one("#findings").cursor = "field:mapping-varies"  # type: ignore[attr-defined]
        await pilot.pause()
        assert "✗ MappingVariesByDestIP" in text(app)
        segments = [seg for strip in app.screen._compositor.render_strips() for seg in strip]
        for segment in segments:
            if segment.style is not None:
                for colour in (segment.style.color, segment.style.bgcolor):
                    assert colour is None or colour.is_default, segment
        # The row with the cursor is not told by its ground alone.
        row = next(at for at, line in enumerate(lines(app)) if "▌" in line)
        cells = [
            seg for seg in app.screen._compositor.render_strips()[row] if "Mapping" in seg.text
        ]
        assert [bool(cell.style and cell.style.reverse) for cell in cells] == [True]


async def test_masking_hides_every_address_and_keeps_what_follows() -> None:
    app = make(played(recordings.HARD))
    secret = re.compile(r"203\.0\.113\.7\b|192\.168\.1\.(?:20|1)\b")
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "2")
        assert secret.search(text(app))
        await press(pilot, "p")
        assert "addresses masked" in lines(app)[0]
        masked = app.measurement
        for where in ("1", "2", "3", "e", "4", "5"):
            await press(pilot, where)
            shown = text(app)
            assert "203.0.113.7" not in shown, where
            assert "192.168.1.20" not in shown, where
        await press(pilot, "e")
        assert "Mostly relayed" in text(app), "what follows is the same"
        await press(pilot, "c")
        assert not secret.search(app.clipboard)
        await press(pilot, "p")
        assert app.measurement is not masked
        await press(pilot, "2")
        assert secret.search(text(app))


@pytest.mark.parametrize("size", SIZES)
async def test_that_it_is_masked_is_said_in_whole_words_beside_a_long_name(
    size: tuple[int, int],
) -> None:
    app = make(played(recordings.HARD, f"pasted text: {'long name ' * 20}"), privacy=True)
    async with running(app, size):
        assert ("  masked  " if size[0] == 60 else "addresses masked") in lines(app)[0]
        assert lines(app)[0].rstrip().endswith(" s")


async def test_masking_also_holds_for_networks_measured_before() -> None:
    app = make(here=played(recordings.OPEN, "this network"), privacy=True)
    async with running(app, (120, 36)) as pilot:
        assert "public address" in text(app)
        assert "203.0.113.7" not in text(app).replace("203.0.113.1", "")
        await press(pilot, "down", "down", "enter")
        await settled(pilot)
        await press(pilot, "1", "home")
        assert "public address" in text(app)
        assert "203.0.113.7" not in text(app)


async def test_masking_from_the_start_also_masks_what_is_still_to_come() -> None:
    fed = Fed(begun=recordings.MID_RUN)
    app = make(fed, privacy=True)
    async with running(app, (120, 36)) as pilot:
        for at in range(5):
            app.screen.query_one("#checks").cursor = app.screen.query_one("#checks").ids[at]  # type: ignore[attr-defined]
            await pilot.pause()
            for found in re.findall(r"\d+\.\d+\.\d+\.\d+", text(app)):
                real = ipaddress.ip_address(found)
                assert str(real) not in ("192.168.1.20", "192.168.1.1", "203.0.113.7"), found


async def test_copying_the_explanation_and_the_verdict() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3", "c")
        sentence = content.plain(content.cause(CauseId.HARD_NAT).sentence)
        assert sentence.split()[-1] in app.clipboard.split()
        assert "Copied this explanation" in text(app)
        assert isinstance(app, WhyrelayApp)
        await app.screen.run_action("copy_verdict")
        await settled(pilot)
        assert "Mostly relayed" in app.clipboard
        assert "MappingVariesByDestIP: true" in app.clipboard


async def test_nothing_to_copy_is_said() -> None:
    app = make(Fed())
    async with running(app) as pilot:
        await press(pilot, "1")
        app.screen.query_one("#network-detail").show("", [])  # type: ignore[attr-defined]
        await press(pilot, "c")
        assert "nothing to copy" in text(app)
