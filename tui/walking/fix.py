"""Fix: the ways out, the cheapest change first; then the steps of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from probes.diagnosis.plan import Way
from tui import content
from tui.explain import explain_cause
from tui.explain.settling import trial_decides
from tui.explain.words import number
from tui.fixing.circumstances import Brand, Circumstances, System
from tui.fixing.first import OFFLINE, no_way, optional, relayed_now
from tui.fixing.telling import Before, as_above, before_all
from tui.fixing.tried import all_done
from tui.fixing.ways import begin_with, key_of, listed, name_of, told_once
from tui.proving.compare import Side
from tui.state import Step
from tui.walking.fix_plan import At, Fixing, fixing_of
from tui.walking.fix_way import follow
from tui.walking.letters import LETTERS
from tui.walking.measure import can_try, consented, test, trial_choice
from tui.walking.talk import Choice
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

_SYSTEM, _ROUTER, _ANEW = "system", "router", "anew"


def fix(walk: Walk) -> Step:
    """Tell the ways, and go along with one. Raises Left."""
    talk, known = walk.talk, walk.measurement
    fixing = fixing_of(walk)
    plans = fixing.plans
    walk.at(Step.FIX)
    talk.heading(f"Step 4 of 5: Fix. {content.page('fix').title}")
    talk.tell(Side(known.report, known.judged, known.pair).sentence)
    relayed = relayed_now(known.report, known.diagnosis, walk.peers)
    if not plans:
        talk.tell("", content.fixing(no_way(known.report, known.diagnosis)))
        if relayed:
            talk.tell("", relayed)
        answer = walk.ask("What next?", moves(NEXT, BACK, QUIT, last="prove it"))
        return Step.PROVE if answer == NEXT else Step.UNDERSTAND
    if before := before_all(known.report, known.judged):
        talk.tell("", content.fixing("try first" if before is Before.TRIAL else OFFLINE))
    elif optional(known.judged, plans):
        words = no_way(known.report, known.diagnosis)
        talk.tell("", content.fixing("only notes" if words == "nothing to fix" else words))
    if relayed:
        talk.tell("", relayed)
    if fixing.progress.begun:
        talk.tell("", content.fixing("begun at" if _marked(fixing) else "begun gone"))
    if (at := _resumed(fixing)) is not None and follow(fixing, at):
        return Step.PROVE
    letters = (*(trial_choice() if _trial(walk) else ()), *_LETTERS)
    while True:
        ways = _tell_list(fixing, letters)
        answer = walk.pick(
            "Which change?",
            (*(Choice("", name_of(at[1]), str(index)) for index, at in enumerate(ways)), *letters),
        )
        match answer:
            case "next":
                return Step.PROVE
            case "back":
                return Step.UNDERSTAND
            case "trial":
                if consented(walk):
                    test(walk)
                    return Step.FIX
            case "system":
                _other(fixing, "Which system?", System, "system")
            case "router":
                _other(fixing, "Which router?", Brand, "brand")
            case "anew":
                if _sure_to_forget(fixing):
                    walk.keeper.forget()
            case _:
                if follow(fixing, ways[int(answer)]):
                    return Step.PROVE


_LETTERS = (
    Choice(LETTERS["system"], "Steps for another system", _SYSTEM),
    Choice(LETTERS["router"], "Steps for another router", _ROUTER),
    Choice(LETTERS["anew"], "Begin anew: no step is done", _ANEW),
    *moves(NEXT, BACK, QUIT, last="prove that it worked"),
)


def _trial(walk: Walk) -> bool:
    """A trial of the router would decide, and can be made from here."""
    known = walk.measurement
    return can_try(walk) and trial_decides(known.report, known.diagnosis)


def _resumed(fixing: Fixing) -> At | None:
    """The way that the person was on before this start, the first time that Fix is come to."""
    walk = fixing.walk
    wanted, walk.resumed = walk.resumed, None
    if wanted is None:
        return None
    for at in listed(fixing.plans):
        if key_of(at[1]) == wanted.goes_on:
            # What was gone to its end, and did not cure, is nothing to go on with.
            return None if all_done(fixing.progress, at[1], fixing.book(at)) else at
    return None


def _tell_list(fixing: Fixing, letters: Sequence[Choice]) -> list[At]:
    """Every change once, numbered; and where a later cause has it too, by that number."""
    talk, begin = fixing.walk.talk, _begin(fixing)
    ways: list[At] = []
    for told in told_once(fixing.plans):
        cause = explain_cause(told.plan.cause, fixing.walk.measurement.report)
        talk.tell("", f"Because of: {cause.title} ({cause.weight}).")
        for way in told.fresh:
            ways.append((told.plan, way))
            marks = list(_marks(fixing, ways[-1], begin))
            marked = f" ({', '.join(marks)})" if marks else ""
            talk.tell(f"{len(ways)}. {name_of(way)}{marked}")
        if told.again:
            numbers = {key_of(way): str(number) for number, (_, way) in enumerate(ways, 1)}
            talk.tell(as_above((numbers[key_of(way)] for way in told.again), ", "))
    talk.tell("", _for_whom(fixing.fitting))
    for letter in letters:
        talk.tell(f"{letter.key}. {letter.words}")
    return ways


def _marked(fixing: Fixing) -> bool:
    """Any change of the list bears a mark of what was done before."""
    progress = fixing.progress
    return any(
        progress.ticked.get(key) or key in progress.impossible
        for key in (key_of(way) for _, way in listed(fixing.plans))
    )


def _begin(fixing: Fixing) -> Way | None:
    if optional(fixing.walk.measurement.judged, fixing.plans):
        return None
    return begin_with(fixing.plans, fixing.closed)


def _sure_to_forget(fixing: Fixing) -> bool:
    """What was ticked does not come back: the person says so. Nothing to lose, nothing to ask."""
    progress = fixing.progress
    ticks, ways = sum(map(len, progress.ticked.values())), len(progress.impossible)
    lost = [number(ticks, "done step")] if ticks else []
    if ways:
        lost.append(number(ways, "change") + " that you called not possible")
    if not lost:
        return True
    return fixing.walk.talk.sure(f"{' and '.join(lost)} will be forgotten.")


_BEGIN = {
    Before.NOTHING: "begin here",
    Before.TRIAL: "begin here if the trial shows that no port works",
    Before.OFFLINE: "begin here once that device is on",
}


def _first_words(fixing: Fixing) -> str:
    known = fixing.walk.measurement
    return _BEGIN[before_all(known.report, known.judged)]


def _marks(fixing: Fixing, at: At, begin: Way | None) -> Iterator[str]:
    progress, key = fixing.progress, key_of(at[1])
    if key in progress.impossible:
        yield "not possible for you"
    elif at[1] is begin and not all_done(progress, at[1], fixing.book(at)):
        yield _first_words(fixing)
    if done := progress.ticked.get(key):
        steps = [step.id for step in fixing.book(at).steps]
        yield f"{sum(step in done for step in steps)} of {len(steps)} steps done"


def _for_whom(found: Circumstances) -> str:
    system = content.label(found.system)
    router = content.label(found.brand)
    seen = f", which calls itself {found.brand_from}" if found.brand_from else ""
    return f"The steps are for: {system}; router: {router}{seen}."


def _other(fixing: Fixing, question: str, kind: type[System] | type[Brand], which: str) -> None:
    choices = [Choice("", "As found", "found")]
    choices += [Choice("", content.label(each), each.value) for each in kind]
    answer = fixing.walk.ask(question, (*choices, *moves(BACK, QUIT)))
    if answer == BACK:
        return
    value = "" if answer == "found" else answer
    progress = fixing.progress
    fixing.change(
        replace(progress, system=value) if which == "system" else replace(progress, brand=value)
    )
