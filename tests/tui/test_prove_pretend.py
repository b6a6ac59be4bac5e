"""Changes that are pretended on a practice network: which, for whom, and how they are named."""

from __future__ import annotations

import pytest

from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from tests.tui.harness import lines, press, running, step, text
from tests.tui.prover import (
    FORWARD,
    PORT,
    calm,
    look_at,
    page,
    pane,
    pretend,
    prover,
    rows,
    to,
    until_over,
)
from tests.tui.proving import Ahead
from tui import content
from tui.screens.fix import FixPane
from tui.screens.prove import ProvePane
from tui.state import Step
from tui.widgets.rows import RowList
from tui.widgets.steps import StepPage

pytestmark = pytest.mark.usefixtures("no_hurry")


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
