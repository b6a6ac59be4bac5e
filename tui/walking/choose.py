"""Choose: this network, a device of the tailnet, a report from elsewhere, or one to practise on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from probes.model import CheckId
from probes.readings import tailscale
from probes.readings.tailscale import Peer
from probes.report import Report
from tui import content
from tui.networks import PRACTICE
from tui.peers import count_words, ordered, path_words, searched, trouble
from tui.state import Measurement, Step
from tui.walking.anywhere import report
from tui.walking.talk import Choice
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

_AT_ONCE = 20
"""Peers that are told before the person is asked for a part of the name."""
_WHAT = (
    Choice("", "This network: no Tailscale needed", "this"),
    Choice("", "A device of your tailnet", "peer"),
    Choice("", "A report from elsewhere: what tailscale printed, as a file or a paste", "file"),
    Choice("", "A network to practise on: nothing is sent", "practice"),
)


def choose(walk: Walk) -> Step:
    """Ask until there is something to measure. Raises Left."""
    talk = walk.talk
    talk.heading(f"Step 1 of 5: Choose. {content.page('choose').title}")
    onward = (NEXT,) if walk.source is not None else ()
    choices = (*_WHAT, *moves(*onward, last=walk.measurement.title), *moves(QUIT))
    while True:
        match walk.ask("Which one?", choices):
            case "this":
                return _take(walk, Measurement("this network"))
            case "peer":
                if (found := _peer(walk)) is not None:
                    return found
            case "file":
                if (found := report(walk)) is not None:
                    return found
            case "practice":
                if (found := _practise(walk)) is not None:
                    return found
            case _:
                return Step.MEASURE


def _take(walk: Walk, chosen: Measurement) -> Step:
    """What was measured before of something else is not about this."""
    walk.source = walk.networks.this()
    walk.begin(chosen)
    return Step.MEASURE


# --- practice -------------------------------------------------------------------------------------


def _practise(walk: Walk) -> Step | None:
    networks = walk.networks.practice()
    choices = [Choice("", f"{each.name}: {each.description}", each.name) for each in networks]
    found = walk.ask("Which practice network?", (*choices, *moves(BACK, QUIT)))
    if found == BACK:
        return None
    walk.source = walk.networks.open(found)
    walk.begin(Measurement(f"{PRACTICE}{found}"))
    return Step.MEASURE


# --- a peer ---------------------------------------------------------------------------------------


def _peer(walk: Walk) -> Step | None:
    talk = walk.talk
    if walk.practice and walk.peers:
        return _practice_peer(walk)
    walk.source = walk.networks.this()
    talk.tell("Asking Tailscale on this device.")
    only = replace(walk.settings.options, only=frozenset({CheckId.TAILSCALE}), skip=frozenset())
    told = walk.run(only)
    peers = told.value(tailscale.PEERS)
    if not peers:
        talk.tell(*_no_peers(told))
        return None
    found = _pick(walk, ordered(peers))
    if found is None:
        return None
    return _take(walk, Measurement("this network", peer=found))


def _practice_peer(walk: Walk) -> Step | None:
    """Of the practice network that is looked at: its devices were told with the measurement."""
    walk.talk.tell(f"The devices of {walk.measurement.title}.")
    found = _pick(walk, ordered(walk.peers))
    if found is None:
        return None
    walk.begin(Measurement(walk.measurement.title, peer=found))
    return Step.MEASURE


def _no_peers(report: Report) -> tuple[str, ...]:
    """Why there is nothing to choose from, and what to do."""
    which = trouble(report)
    if not which:
        return ("Tailscale did not say which devices there are.",)
    words = content.tailnet(which)
    return (f"{words.label}.", words.meaning, words.next_step)


def _pick(walk: Walk, peers: Sequence[tuple[int, Peer]]) -> str | None:
    """What names the peer that the person means, never masked: the run asks for it. `peers`: each
    with its place in the report. None: back. Raises Left.
    """
    talk, shown = walk.talk, list(peers)
    while len(shown) > _AT_ONCE:
        talk.tell(f"{count_words([peer for _, peer in shown])} now.")
        part = talk.name("A part of the name").casefold()
        if not part:
            return None
        fitting = [each for each in peers if part in searched(each[1])]
        if not fitting:
            talk.tell("No device has that in its name.")
            continue
        shown = fitting
    choices = [Choice("", f"{peer.name}: {path_words(peer)}", str(place)) for place, peer in shown]
    found = walk.ask("Which device?", (*choices, *moves(BACK, QUIT)))
    return None if found == BACK else (walk.raw.value(tailscale.PEERS) or ())[int(found)].key
