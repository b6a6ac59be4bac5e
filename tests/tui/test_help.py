"""Help: what the cursor is on, the keys, and the glossary with its links."""

from __future__ import annotations

import pytest

from probes.diagnosis.model import CauseId
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.report import report_of
from tests.tui import recordings
from tests.tui.harness import SIZES, lines, make, played, press, running, text
from tests.tui.screenshots import run_of
from tui import content
from tui.commands import COMMANDS
from tui.screens.findings import entries
from tui.screens.help import HelpScreen
from tui.screens.topics import standing, terms, topic
from tui.screens.walk import WalkScreen
from tui.state import STEPS, Measurement
from tui.widgets.page import Page
from tui.widgets.rows import RowList


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Practice networks have a clock of their own: measured before a test's loop runs."""
    run_of("cloud-gateway")


def asked(app: object) -> str:
    """The topic that the help shows."""
    screen = getattr(app, "screen", None)
    assert isinstance(screen, HelpScreen)
    return screen.query_one("#topics", RowList).cursor


@pytest.mark.parametrize("size", SIZES)
async def test_the_question_mark_explains_the_focused_thing(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        await press(pilot, "down", "question_mark")
        assert asked(app) == "check:stun"
        assert "What is sent" in text(app) or size == (60, 18)
        await press(pilot, "question_mark")
        assert not isinstance(app.screen, HelpScreen), "the same key closes it"
        await press(pilot, "3", "question_mark")
        assert asked(app) == "finding:cause:hard-nat"
        await press(pilot, "escape")
        for _ in range(12):  # past what is said of the two sides
            await press(pilot, "down")
            assert isinstance(app.screen, WalkScreen)
            if app.screen.topic() == "finding:field:udp":
                break
        await press(pilot, "question_mark")
        assert asked(app) == "finding:field:udp"
        assert "UDP" in text(app)
        await press(pilot, "q")
        assert app.is_running, "in help, q closes the help"
        for number in range(len(STEPS)):
            await press(pilot, str(number + 1), "question_mark")
            assert isinstance(app.screen, HelpScreen)
            await press(pilot, "escape")


@pytest.mark.parametrize("size", SIZES)
async def test_on_a_way_the_question_mark_explains_the_way(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        await press(pilot, "4", "question_mark")
        assert asked(app).startswith("way:")
        found = topic(asked(app))
        assert found.name.casefold() == content.label(RemedyId(asked(app).split(":")[1])).casefold()
        await press(pilot, "escape", "home", "question_mark")
        assert asked(app).startswith("finding:cause:"), "on a cause, the cause"


@pytest.mark.parametrize("remedy", RemedyId)
def test_every_way_is_explained_with_the_words_in_it(remedy: RemedyId) -> None:
    words = content.playbooks.playbook_words(remedy)
    for whose in Whose:
        page = Page(topic(f"way:{remedy}:{whose}").blocks).plain(200)
        assert "Why that helps" in page
        assert "{" not in page, "no value is left open"
        for name in content.terms(words.why):
            found = content.term(name)
            assert found is not None
            assert content.plain(found.short)[:40] in page


async def test_f1_lists_every_key() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "f1")
        assert asked(app) == "keys"
        from tui.widgets.detail import Detail

        page = app.screen.query_one("#topic", Detail).page.plain()
        for command in COMMANDS:
            if command.keys:
                assert command.every_key in page, command.id
                assert command.title in page, command.id


async def test_every_topic_has_words() -> None:
    for which, name in (*standing(), *terms()):
        found = topic(which)
        assert found.name == name or which == "keys"
        assert found.blocks
    with pytest.raises(ValueError, match="no topic"):
        topic("nothing:at-all")


@pytest.mark.parametrize("cause", CauseId)
def test_every_cause_is_explained_without_gaps_whatever_was_measured(cause: CauseId) -> None:
    assert "{" not in Page(topic(f"finding:cause:{cause}").blocks).plain(200)


async def test_the_question_mark_calls_a_cause_what_the_list_calls_it() -> None:
    app = make(played(run_of("cloud-gateway")))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3")
        rows = app.screen.query_one("#findings", RowList)
        rows.cursor = "note:port-mapping-off"
        await pilot.pause()
        await press(pilot, "question_mark")
        shown = " ".join(text(app).split())
        assert "A cloud opens no ports on request" in shown
        assert "Router opens no ports" not in shown
        assert "172.31.0.1" in shown, "with what was measured in it"


@pytest.mark.parametrize("name", ["ipv6-only", "hard-home", "captive-portal", "container"])
def test_every_finding_has_a_topic(name: str) -> None:
    found = entries(Measurement("", report_of(run_of(name))))
    assert len(found) > 15
    places = [key for key in found if key.startswith("where:")]
    assert bool(places) is (name == "container")
    assert [*found].index(places[0]) < [*found].index("field:udp") if places else True
    for which in found:
        for report in (report_of(run_of(name)), None):
            assert "{" not in Page(topic(f"finding:{which}", report).blocks).plain(200), which


async def test_a_term_in_the_words_is_a_link_to_the_glossary() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3")
        at = next(
            (line.index("public address"), y)
            for y, line in enumerate(lines(app))
            if "open public address" in line
        )
        await pilot.click(offset=at)
        await pilot.pause()
        assert asked(app) == "term:public-address"
        # And from there to another term.
        found = content.glossary()["public-address"]
        linked = next(iter(content.terms(found.short) + content.terms(found.more)), "")
        if linked and (other := content.term(linked)) is not None:
            await app.run_action(f"app.explain_term({linked!r})")
            await pilot.pause()
            assert asked(app) == f"term:{other.id}"
        await press(pilot, "escape")
        assert not isinstance(app.screen, HelpScreen), "there is one help, not a pile of them"


async def test_the_glossary_is_walked_with_the_arrows() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await app.run_action("app.glossary")
        await pilot.pause()
        first = asked(app)
        assert first == terms()[0][0]
        await press(pilot, "down")
        assert asked(app) == terms()[1][0]
        await press(pilot, "end")
        assert content.glossary()[terms()[-1][0].partition(":")[2]].name in text(app)


async def test_copying_a_topic() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3", "question_mark", "c")
        assert "Hard NAT on your side" in app.clipboard
