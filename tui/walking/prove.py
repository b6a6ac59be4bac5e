"""Prove: test again what the change touches, and tell what is different; ping and watch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.what_if import Whose
from probes.readings.tailscale import PEERS, Peer
from probes.renewal import EVERYTHING, renewed, same_network, touched
from probes.report import Report
from probes.tailscale.history import History, Moment, added, key_of
from probes.tailscale.ping import Pinged, PingResult
from tui import content
from tui.content import playbooks
from tui.explain import explain_cause, headline
from tui.interrupt import run_interruptibly
from tui.peers import ordered, path_words
from tui.proving.compare import Comparison, Outcome, Side, compare
from tui.proving.export import save, text_of
from tui.proving.next_move import next_move
from tui.proving.proof import Proof
from tui.proving.telling import moment_words, ping_words
from tui.sources import Changeable, Followable, closing
from tui.state import Measurement, Step
from tui.walking.talk import Choice
from tui.walking.walk import BACK, QUIT, Walk, moves

T = TypeVar("T")

_AGAIN, _ALL, _PRETEND, _PING, _WATCH, _SAVE = "again", "all", "pretend", "ping", "watch", "save"
_RETEST = {remedy.id: remedy.retest for remedy in REMEDIES}
_MOST_PEERS = 30


def prove(walk: Walk) -> Step:
    """Ask what to do until the person goes elsewhere. Raises Left."""
    talk = walk.talk
    talk.heading(f"Step 5 of 5: Prove. {content.page('prove').title}")
    if walk.proof is None:
        talk.tell(_words("untested"))
    else:
        remedy = walk.proof.remedy
        talk.tell(*_told(walk, _comparison(walk, walk.proof.before, remedy), remedy))
    while True:
        match walk.ask("What next?", _choices(walk)):
            case "again":
                _test(walk, _remedy(walk))
            case "all":
                _test(walk, None)
            case "pretend":
                _pretend(walk)
            case "ping":
                _ping(walk)
            case "watch":
                _watch(walk)
            case "save":
                _save(walk)
            case _:
                return Step.FIX


def _choices(walk: Walk) -> tuple[Choice, ...]:
    remedy = _remedy(walk)
    touches = f", as far as this touches it: {content.label(remedy)}" if remedy else ""
    found = [Choice("r", f"Test again{touches}", _AGAIN)]
    if remedy is not None:
        found.append(Choice("e", "Test everything again", _ALL))
    if _pretences(walk):
        found.append(Choice("d", "Pretend that a change is done (practice)", _PRETEND))
    if isinstance(walk.source, Followable) and walk.measurement.report.value(PEERS):
        found.append(Choice("l", "Ping a device until it answers directly", _PING))
        found.append(Choice("w", "Watch the paths, and tell when one flips", _WATCH))
    if walk.proof is not None:
        found.append(Choice("s", "Save before and after as a file", _SAVE))
    return (*found, *moves(BACK, QUIT))


def _words(which: str) -> str:
    """What the app says with a key, without the key: here the choices are told."""
    text = content.page("proof").sections[which]
    return re.sub(r"press `(\w)`", lambda found: _KEYS.get(found[1], found[0]), text)


_KEYS = {"r": "test again", "m": "try a port", "u": "stop it", "f": "stop it"}
"""What the app's keys do, by the name that it has here."""


# --- testing again --------------------------------------------------------------------------------


def _remedy(walk: Walk) -> RemedyId | None:
    """What was done, as far as is known: the way that the person is on."""
    progress = walk.keeper.progress
    name, _, whose = progress.way.partition(":")
    begun = progress.started(name, whose or Whose.THIS)
    known = name in set(RemedyId) and whose == Whose.THIS
    return RemedyId(name) if begun and known else None


def _before(walk: Walk) -> Report:
    """The report from before the first step, also of another day; else the latest."""
    kept = walk.keeper.progress.before
    if kept is not None:
        return kept
    return walk.proof.before if walk.proof is not None else walk.raw


def _test(walk: Walk, remedy: RemedyId | None) -> None:
    """Test again, and tell what is different."""
    talk, before = walk.talk, _before(walk)
    wait = 0 if remedy is None else playbooks.playbook_words(remedy, "").wait_s
    if wait and not walk.practice:
        talk.tell(_words("waiting"), f"Usually {wait} seconds are enough.")
        talk.line("Press Enter to test now: ")
    only = EVERYTHING if remedy is None else touched(before, _RETEST[remedy])
    options = replace(walk.settings.options, peer=walk.measurement.peer)
    walk.run(replace(options, only=only, skip=frozenset()) if only else options)
    new = walk.raw
    if only and same_network(before, new):
        new = renewed(walk.whole or before, new)
    elif only:
        talk.tell(_words("elsewhere"))
        walk.run(options)
        new = walk.raw
    _take(walk, before, new, remedy)


def _take(walk: Walk, before: Report, new: Report, remedy: RemedyId | None) -> None:
    report = walk.shown(new)
    walk.whole = new
    walk.measurement = _renewed(walk.measurement, report)
    walk.proof = Proof(before, remedy, tested=True)
    found = _comparison(walk, before, remedy)
    walk.talk.tell("", *_told(walk, found, remedy))


def _renewed(known: Measurement, report: Report) -> Measurement:
    """The same measurement with what is known by now."""
    return Measurement(known.title, report, "", known.peer, known.other)


def _comparison(walk: Walk, before: Report, remedy: RemedyId | None) -> Comparison:
    shown = before if walk.masker is None else walk.masker.report(before)
    known = walk.measurement
    old = Side(shown, diagnose(shown, known.peer))
    return compare(old, Side(known.report, known.diagnosis))


def _told(walk: Walk, found: Comparison, remedy: RemedyId | None) -> Iterator[str]:
    yield f"Result: {content.label(found.outcome)}."
    yield headline(found.after.diagnosis, found.after.report)
    yield _words(str(found.outcome))
    yield ""
    changed = [line for line in found.lines if line.changed]
    for line in changed:
        yield f"{line.name}: before {line.before.text}, now {line.after.text}."
    if not changed:
        yield "Nothing that was tested is different."
    for each in found.causes:
        side = found.after if each.cause in found.after.diagnosis.causes else found.before
        name = explain_cause(each.cause, side.report).title
        yield f"Cause, {content.label(each.fate)}: {name}."
    if found.kept:
        names = ", ".join(content.check(check).title for check in sorted(found.kept))
        yield f"{_words('kept')} {names}."
    if found.outcome is Outcome.CURED:
        return
    move = next_move(found.after, remedy, walk.keeper.progress.impossible)
    if move is None:
        yield _words("nothing left")
    else:
        where = f", {_words('other side')}" if move.way.whose is Whose.OTHER else ""
        yield f"{_words('next')}: {content.label(move.way.remedy.id)}{where}."


def _save(walk: Walk) -> None:
    proof = walk.proof
    if proof is None:
        return
    found = _comparison(walk, proof.before, proof.remedy)
    if not walk.settings.save:
        walk.talk.tell("Nothing is written, as you asked for (--no-save).")
        return
    path = save(text_of(walk.measurement.title, proof, found), found.after.report.taken_at)
    walk.talk.tell("It could not be written anywhere." if path is None else f"Written: {path}")


# --- practice -------------------------------------------------------------------------------------


def _pretences(walk: Walk) -> list[RemedyId]:
    """What this practice network can become."""
    source, known = walk.source, walk.measurement
    if not isinstance(source, Changeable) or not walk.practice:
        return []
    plans = plan_of(known.report, known.diagnosis)
    named = [way.remedy.id for plan in plans for way in plan.ways if way.whose is Whose.THIS]
    return [each for each in dict.fromkeys(named) if source.after(each) is not None]


def _pretend(walk: Walk) -> None:
    choices = [Choice("", content.label(each), str(each)) for each in _pretences(walk)]
    answer = walk.ask("Which change is done?", (*choices, *moves(BACK, QUIT)))
    if answer == BACK or not isinstance(walk.source, Changeable):
        return
    remedy = RemedyId(answer)
    source = walk.source.after(remedy)
    if source is None:
        return
    before = _before(walk)
    walk.source = source
    walk.run(replace(walk.settings.options, peer=walk.measurement.peer))
    _take(walk, before, walk.raw, remedy)


# --- pings and looks ------------------------------------------------------------------------------


def _ping(walk: Walk) -> None:
    talk, source = walk.talk, walk.source
    peer = _which(walk)
    if peer is None or not isinstance(source, Followable) or not peer.addresses:
        return
    talk.tell(_words("ping"), "Press Enter to stop.")

    async def listen() -> PingResult:
        result = PingResult.WAITING
        async with closing(source.pings(peer.addresses[0])) as stream:
            async for each in stream:
                result = each.result
                talk.tell(_pong(walk, each))
        return result

    result = _until_enter(walk, listen, PingResult.WAITING)
    talk.tell(_words(f"ping {result}"))


def _which(walk: Walk) -> Peer | None:
    """The device at the other end: the chosen one, else asked for."""
    peers = walk.measurement.report.value(PEERS) or ()
    chosen = walk.measurement.chosen
    shown = [peer for _, peer in ordered(peers)][:_MOST_PEERS]
    if chosen is not None:
        shown = [chosen, *(peer for peer in shown if peer is not chosen)]
    choices = [
        Choice("", f"{peer.name}: {path_words(peer)}", str(index))
        for index, peer in enumerate(shown)
    ]
    answer = walk.ask("Which device?", (*choices, *moves(BACK, QUIT)))
    if answer == BACK:
        return None
    return _unmasked(walk, shown[int(answer)])


def _unmasked(walk: Walk, peer: Peer) -> Peer:
    """As Tailscale knows it: a masked address cannot be pinged."""
    if walk.masker is None:
        return peer
    real = walk.raw.value(PEERS) or ()
    masked = walk.measurement.report.value(PEERS) or ()
    return next((one for one, other in zip(real, masked, strict=False) if other == peer), peer)


def _pong(walk: Walk, each: Pinged) -> str:
    text = ", ".join(filter(None, ping_words(each.line)))
    masked = text if walk.masker is None else walk.masker.text(text)
    return f"{each.at_ms / 1000:.1f} s: {masked}"


def _watch(walk: Walk) -> None:
    talk, source = walk.talk, walk.source
    if not isinstance(source, Followable):
        return
    talk.tell(
        "It looks at the paths every few seconds, and tells what changes. Nothing is sent to "
        "public servers. Press Enter to stop."
    )

    async def look_on() -> None:
        history = History()
        async with closing(source.looks(walk.settings.options)) as stream:
            async for look in stream:
                history = added(history, look)
                names = {key_of(peer): peer.name for peer in look.peers}
                for moment in history.moments:
                    if moment.at_s == look.at_s:
                        talk.tell(_moment(walk, moment, names))

    _until_enter(walk, look_on, None)


def _moment(walk: Walk, moment: Moment, names: Mapping[str, str]) -> str:
    if moment.flips:
        walk.talk.ring()
    text = moment_words(moment, names)
    return f"{moment.clock[11:19]} {text if walk.masker is None else walk.masker.text(text)}"


def _until_enter(walk: Walk, work: Callable[[], Coroutine[Any, Any, T]], stopped: T) -> T:
    """Run it to its end, or until the person presses Enter. Raises KeyboardInterrupt."""

    async def run() -> tuple[T]:
        task, ear = asyncio.create_task(work()), walk.talk.ear
        loop = asyncio.get_running_loop()
        if ear is not None:
            with suppress(NotImplementedError, OSError):  # Windows; what is no terminal
                loop.add_reader(ear, _heard, walk, task)
        try:
            return (await task,)
        except asyncio.CancelledError:
            return (stopped,)
        finally:
            task.cancel()
            if ear is not None:
                with suppress(NotImplementedError, OSError):
                    loop.remove_reader(ear)

    return run_interruptibly(run, asyncio.run)[0]


def _heard(walk: Walk, task: asyncio.Task[T]) -> None:
    walk.talk.read()  # Enter, and whatever was typed before it
    task.cancel()
