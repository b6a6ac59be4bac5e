"""The list that draws only what is seen, and the page that lays itself out."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from tui.content import Tone
from tui.explain import LatencyRow
from tui.explain.hop import Hop, HopId
from tui.theme import VARIABLES
from tui.widgets.bars import latency_chart
from tui.widgets.page import Page, data, gap, heading, pairs, prose, table, title
from tui.widgets.path import picture
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, say, visible


def row(name: str) -> Row:
    """A row that says its name."""
    return Row(name, lambda width: fit(say(name), width))


class Alone(App[None]):
    """A list by itself."""

    CSS = "RowList { height: 10; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our colours."""
        return VARIABLES

    def compose(self) -> ComposeResult:
        """Twenty rows in two parts."""
        rows = [head("first part"), *(row(f"a{n}") for n in range(10))]
        rows += [head("second part"), *(row(f"b{n}") for n in range(10))]
        yield RowList("rows", rows)


async def test_the_cursor_passes_over_headings_and_stays_in_view() -> None:
    app = Alone()
    async with app.run_test(size=(30, 12)) as pilot:
        rows = app.query_one(RowList)
        rows.focus()
        assert rows.cursor == "a0"
        await pilot.press("end")
        assert rows.cursor == "b9"
        await pilot.pause()
        assert rows.scroll_offset.y == 22 - 10
        await pilot.press("home")
        await pilot.pause()
        assert rows.cursor == "a0"
        assert rows.scroll_offset.y == 0, "with the heading above it"
        for _ in range(10):
            await pilot.press("down")
        assert rows.cursor == "b0"
        await pilot.press("up", "up")
        assert rows.cursor == "a8"
        await pilot.press("pagedown")
        assert rows.cursor == "b7"
        await pilot.press("up", "pageup", "pageup", "up")
        assert rows.cursor == "a0"


async def test_the_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    app = Alone()
    async with app.run_test(size=(30, 12)) as pilot:
        rows = app.query_one(RowList)
        rows.cursor = "a5"
        rows.set_rows([row("new"), row("a5"), row("a6")])
        assert rows.cursor == "a5"
        rows.set_rows([row("x"), row("y")])
        assert rows.cursor == "x"
        rows.set_rows([head("nothing")])
        assert rows.cursor == ""
        await pilot.press("down", "enter", "home", "end", "pagedown")
        assert rows.cursor == ""
        rows.set_rows([])
        await pilot.pause()


async def test_ten_thousand_rows_cost_what_is_seen() -> None:
    drawn = 0

    def lay(width: int) -> Content:
        nonlocal drawn
        drawn += 1
        return Content(" " * width)

    app = Alone()
    async with app.run_test(size=(30, 12)) as pilot:
        rows = app.query_one(RowList)
        many = [Row(str(number), lay) for number in range(10_000)]
        rows.set_rows(many)
        await pilot.pause()
        assert drawn <= 60


def test_a_page_is_laid_out_for_its_width() -> None:
    page = Page(
        [
            title("A finding", Tone.BAD),
            gap,
            prose("- one point that is longer than a line\n- two, with [[NAT]] and `code`"),
            heading("Facts"),
            pairs([("Name", say("value"))]),
            table([(say("a"), say("bb")), (say("ccc"), say("d"))]),
            data("as it is: [b]not markup[/b]"),
        ]
    )
    for width in (20, 40, 80):
        for line in page.at(width).plain.split("\n"):
            assert len(line) <= width, (width, line)
    shown = page.plain(40)
    assert "• one point that is longer than a line" in shown
    assert "two, with NAT and code" in shown
    assert "Name  value" in shown
    assert "a    bb\nccc  d" in shown
    assert "[b]not markup[/b]" in shown


def test_a_hanging_item_is_indented() -> None:
    page = Page([prose("1. first the one and then the other thing")])
    assert page.plain(20).split("\n")[1].startswith("   ")


def test_visible_keeps_line_breaks_and_nothing_else() -> None:
    assert visible("one\ntwo\tthree\x1b") == "one\ntwo\\x09three\\x1b"


@pytest.mark.parametrize("width", [28, 40, 60])
def test_a_latency_over_tcp_keeps_its_unit(width: int) -> None:
    rows = [
        LatencyRow(1, "nyc", "New York", None, None, 37.04, True),
        LatencyRow(2, "fra", "Frankfurt", 20.0, None, None, False),
    ]
    chart = [line.plain for line in latency_chart(rows, width, "no answer")]
    assert " tcp " in chart[0]
    assert "37.0 ms" in chart[0]
    assert "20.0 ms" in chart[1]
    assert chart[0].index("━") == chart[1].index("━"), "one scale has one beginning"


def test_a_path_with_a_providers_nat_keeps_every_name_whole_on_80_columns() -> None:
    names = [
        (HopId.DEVICE, "this device", "192.168.1.20"),
        (HopId.ROUTER, "router", "192.168.1.1"),
        (HopId.CARRIER, "provider's NAT", "45.83.223.10"),
        (HopId.INTERNET, "internet", ""),
        (HopId.RELAY, "relay", "nyc 28 ms"),
        (HopId.PEER, "the other side", ""),
    ]
    stops = [Hop(each, name, detail, "", Tone.GOOD, False) for each, name, detail in names]
    _, line, _ = [row.plain for row in picture(stops, 76)]
    for _, name, _ in names:
        assert name in line
    assert all(len(row.plain) <= 60 for row in picture(stops, 60))
