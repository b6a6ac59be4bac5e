"""Prove: test again what the change touches, and tell what is different; ping and watch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from probes.diagnosis.plan import Way, plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.readings.tailscale import PEERS
from probes.renewal import EVERYTHING, renewed, same_network
from probes.report import Report
from tui import content
from tui.explain import explain_cause
from tui.explain.settling import trial_decides
from tui.explain.words import number
from tui.fixing.ways import listed, name_of
from tui.peers import ordered, path_words
from tui.plain_facts import sentence
from tui.proving.compare import Comparison, Outcome
from tui.proving.export import places, save, text_of
from tui.proving.fates import fate_words
from tui.proving.next_move import instead_of_a_move, next_move
from tui.proving.proof import Proof
from tui.proving.telling import came_of_it, direct_all_the_same, outcome_label, untested
from tui.proving.testing import before_of, compared, followed, pretences, to_test, wait_s
from tui.sources import Changeable, Followable, Opened
from tui.state import Measurement, Step
from tui.walking.fix_plan import fixing_of
from tui.walking.letters import LETTERS
from tui.walking.measure import can_try, consented, trial_choice
from tui.walking.prove_live import MOST_PEERS, look_after, ping, watch
from tui.walking.talk import Choice
from tui.walking.walk import BACK, QUIT, Walk, moves

_AGAIN, _ALL, _PRETEND, _PING, _WATCH, _SAVE = "again", "all", "pretend", "ping", "watch", "save"


def prove(walk: Walk) -> Step:
    """Ask what to do until the person goes elsewhere. Raises Left."""
    talk, walk.resumed = walk.talk, None
    walk.at(Step.PROVE)
    talk.heading(f"Step 5 of 5: Prove. {content.page('prove').title}")
    if walk.proof is None:
        known, opened = walk.measurement, isinstance(walk.source, Opened)
        begun = followed(walk.keeper.progress) is not None
        if said := direct_all_the_same(known.judged, walk.peers):
            talk.tell(said)
        talk.tell(untested(known.report, known.diagnosis, opened=opened, begun=begun))
    else:
        remedy = walk.proof.remedy
        talk.tell(*_told(walk, _compared(walk, walk.proof), remedy))
    talk.tell(*_peers(walk))
    while True:
        match walk.ask("What next?", _choices(walk)):
            case "again":
                _test(walk, followed(walk.keeper.progress))
            case "all":
                _test(walk, followed(walk.keeper.progress), everything=True)
            case "trial":
                if consented(walk):
                    _test(walk, followed(walk.keeper.progress), everything=True)
            case "pretend":
                _pretend(walk)
            case "ping":
                ping(walk)
            case "watch":
                watch(walk)
            case "save":
                _save(walk)
            case _:
                return Step.FIX


def _choices(walk: Walk) -> tuple[Choice, ...]:
    remedy = followed(walk.keeper.progress)
    touches = f", as far as this touches it: {content.label(remedy)}" if remedy else ""
    found = [Choice(LETTERS["retest"], f"Test again{touches}", _AGAIN)]
    if remedy is not None:
        found.append(Choice(LETTERS["test-all"], "Test everything again", _ALL))
    if _trial(walk):
        found += trial_choice()
    if _pretences(walk):
        words = "Pretend that a change is done (practice)"
        found.append(Choice(LETTERS["pretend"], words, _PRETEND))
    if isinstance(walk.source, Followable) and walk.measurement.report.value(PEERS):
        found.append(Choice(LETTERS["ping"], "Ping a device until it answers directly", _PING))
        found.append(Choice(LETTERS["watch"], "Watch the paths, and tell when one flips", _WATCH))
    if walk.proof is not None:
        found.append(Choice(LETTERS["save"], "Save before and after as a file", _SAVE))
    return (*found, *moves(BACK, QUIT))


def _trial(walk: Walk) -> bool:
    """A trial of the router would decide, and can be made from here."""
    known = walk.measurement
    return can_try(walk) and trial_decides(known.report, known.diagnosis)


# --- testing again --------------------------------------------------------------------------------


def _before(walk: Walk) -> Report:
    return before_of(walk.keeper.progress, walk.proof, walk.raw)


def _compared(walk: Walk, proof: Proof) -> Comparison:
    return compared(proof, walk.measurement, walk.masker, walk.peers)


def _test(walk: Walk, remedy: RemedyId | None, *, everything: bool = False) -> None:
    """Test again, and tell what is different."""
    talk, before = walk.talk, _before(walk)
    wait = 0 if everything else wait_s(remedy)
    if wait and not walk.practice:
        talk.tell(content.proof("waiting"), f"Usually {wait} seconds are enough.")
        talk.enter("test now")
    only = EVERYTHING if everything else to_test(before, remedy)
    options = replace(walk.settings.options, peer=walk.measurement.peer)
    walk.run(replace(options, only=only, skip=frozenset()) if only else options)
    new = walk.raw
    if only and same_network(before, new):
        new = renewed(walk.whole or before, new)
    elif only:
        talk.tell(content.proof("elsewhere"))
        walk.run(options)
        new = walk.raw
    _take(walk, before, new, remedy)


def _take(
    walk: Walk,
    before: Report,
    new: Report,
    remedy: RemedyId | None,
    pretended: RemedyId | None = None,
) -> None:
    report = walk.shown(new)
    walk.whole = new
    walk.measurement = _renewed(walk.measurement, report)
    done = () if walk.proof is None else walk.proof.pretended
    if pretended is not None:
        done = (*done, pretended)
    remedy = done[-1] if done else remedy
    walk.proof = Proof(before, remedy, pretended=done, tested=True)
    if remedy is not None:
        look_after(walk)
    found = _compared(walk, walk.proof)
    walk.talk.tell("", *_told(walk, found, remedy), *_peers(walk))


def _renewed(known: Measurement, report: Report) -> Measurement:
    """The same measurement with what is known by now."""
    return Measurement(known.title, report, "", known.peer, known.other)


def _told(walk: Walk, found: Comparison, remedy: RemedyId | None) -> Iterator[str]:
    yield f"Result: {outcome_label(found)}."
    yield found.after.sentence
    yield from came_of_it(found)
    yield ""
    changed = [line for line in found.lines if line.changed]
    for line in changed:
        before, now = sentence(line.before.text), sentence(line.after.text)
        yield f"{line.name}. Before: {before} Now: {now}"
    for each in found.causes:
        side = found.after if each.cause in found.after.diagnosis.causes else found.before
        name = explain_cause(each.cause, side.report).title
        yield f"Cause, {fate_words(each)}: {name}."
    if found.kept:
        names = ", ".join(content.check(check).title for check in sorted(found.kept))
        yield f"{content.proof('kept')} {names}."
    if found.outcome in (Outcome.CURED, Outcome.ELSEWHERE):
        return
    move = next_move(found.after, remedy, fixing_of(walk).closed)
    if said := instead_of_a_move(found, move):
        yield f"{content.proof('next')}: {said}"
    elif move is not None:
        yield f"{content.proof('next')}: {name_of(move.way)}."


def _peers(walk: Walk) -> Iterator[str]:
    """The devices with their paths, relayed ones first: as the run saw them last."""
    shown = [peer for _, peer in ordered(walk.peers)]
    if shown:
        yield ""
        yield "Devices of the tailnet:"
    for peer in shown[:MOST_PEERS]:
        yield f"{peer.name}: {path_words(peer)}."
    if len(shown) > MOST_PEERS:
        yield f"And {number(len(shown) - MOST_PEERS, 'more device')}."


def _save(walk: Walk) -> None:
    proof = walk.proof
    if proof is None:
        return
    found = _compared(walk, proof)
    if not walk.settings.save:
        walk.talk.tell("Nothing is written, as you asked for (--no-save).")
        return
    free = places(found.after.report.taken_at)
    if not free:
        walk.talk.tell(content.proof("kept nowhere"))
        return
    choices = [
        Choice("", content.proof(f"keep {where}"), str(at), str(free[at]))
        for at, where in enumerate(
            "here" if path.parent == Path.cwd() else "there" for path in free
        )
    ]
    answer = walk.ask("Write which file?", (*choices, *moves(BACK, QUIT)))
    if answer == BACK:
        return
    path = free[int(answer)]
    if save(text_of(walk.measurement.title, proof, found), path):
        walk.talk.tell("Written:")
        walk.talk.verbatim(str(path))
    else:
        walk.talk.tell(content.proof("kept nowhere"))


# --- practice -------------------------------------------------------------------------------------


def _pretences(walk: Walk) -> tuple[RemedyId, ...]:
    """What this practice network can become."""
    return pretences(walk.source, walk.measurement) if walk.practice else ()


def _pretend(walk: Walk) -> None:
    """One of the changes of Fix, by the number that it has there."""
    can, known = _pretences(walk), walk.measurement
    ways = [way for _, way in listed(plan_of(known.report, known.judged))]
    choices = [_pretence(number, way, can) for number, way in enumerate(ways, 1)]
    while (answer := walk.ask("Which change is done?", (*choices, *moves(BACK, QUIT)))) != BACK:
        if answer in set(can):
            _done(walk, RemedyId(answer))
            return
        walk.talk.tell(content.proof(answer))


def _pretence(number: int, way: Way, can: Collection[RemedyId]) -> Choice:
    """A change, and where it cannot be pretended the words that say why."""
    if way.whose is Whose.THIS and way.remedy.id in can:
        return Choice(str(number), name_of(way), str(way.remedy.id))
    why = "not pretended" if way.whose is Whose.THIS else "not pretended there"
    return Choice(str(number), f"{name_of(way)} ({content.proof(f'{why} short')})", why)


def _done(walk: Walk, remedy: RemedyId) -> None:
    """The practice network becomes what the change makes of it."""
    if not isinstance(walk.source, Changeable) or (source := walk.source.after(remedy)) is None:
        return
    before = _before(walk)
    walk.source = source
    walk.run(replace(walk.settings.options, peer=walk.measurement.peer))
    _take(walk, before, walk.raw, remedy, remedy)
