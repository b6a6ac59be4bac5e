"""Prove, with the keyboard alone: a change is pretended, tested, and shown for what it is."""

from __future__ import annotations

import re

import pytest

from probes.diagnosis.remedies import RemedyId
from probes.readings.tailscale import PeerPath
from tests.tui import recordings
from tests.tui.harness import SIZES, Fed, lines, press, running, step, text
from tests.tui.prover import (
    FORWARD,
    KEEP,
    PORT,
    calm,
    page,
    patiently,
    pretend,
    prover,
    rows,
    to,
    until_over,
)
from tests.tui.proving import Ahead
from tui import content
from tui.proving.compare import Outcome
from tui.state import Step

pytestmark = pytest.mark.usefixtures("no_hurry")


@pytest.mark.parametrize(
    ("name", "remedy", "outcome", "size"),
    [
        *(("hard-home", PORT, Outcome.CURED, size) for size in SIZES),
        ("port-taken", RemedyId.FREE_PORT, Outcome.BETTER, SIZES[1]),
    ],
)
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
        assert "let it be asked for one port for some seconds (m)" in told


async def test_worse_is_said_plainly() -> None:
    app = prover(Ahead("hard-home", (KEEP,)))
    async with running(app, (80, 24)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        # Somebody takes the change back.
        app.conductor.source = Ahead("hard-home")
        await press(pilot, "down", "r")
        await until_over(pilot, app)
        assert rows(app).cursor == "result", "what came of it, wherever one was"
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


async def test_a_trial_is_held_against_how_it_was_also_where_nothing_was_changed() -> None:
    app = prover(Ahead("hard-home-pcp"), map_test=False)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        assert "Nothing was tested since" in page(app)
        app._consented(True)
        await until_over(pilot, app)
        await to(pilot, app, "result")
        told = " ".join(page(app).split())
        assert "! It depends ━━▶ ✓ Direct" in told
        assert "Before, it depended." in told
        assert "nobody could tell" not in told
        assert "Nothing was tested since" not in told


async def test_what_was_direct_before_the_change_did_not_turn_direct_by_it() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        nas = next(each for each in app.measurement.peers if each.name == "home-nas")
        assert nas.path is PeerPath.DERP, "as the run saw it"
        seen = app.measurement.title, nas.key
        app.following._paths[seen] = PeerPath.DIRECT, "45.83.242.21:50813"
        await press(pilot, "5")
        await pretend(pilot, app, FORWARD)
        await patiently(lambda: "Turned direct" in page(app), "the paths that came of it")
        assert "Turned direct since: office-desktop." in " ".join(page(app).split())


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
        await press(pilot, "4")
        begun = [line for line in lines(app) if "→" in line]
        assert len(begun) == 1, "Fix begins where Prove says"
        assert "Forward the" in begun[0]
