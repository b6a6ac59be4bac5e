"""Fix: the ways out, the cheapest change first; then the steps of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from probes.diagnosis.model import NatClass, Verdict
from probes.diagnosis.plan import CausePlan, Way, plan_of
from tui import content
from tui.explain import explain_cause, headline
from tui.fixing import offer
from tui.fixing.circumstances import Brand, Circumstances, System, circumstances
from tui.fixing.keeper import Trouble, now
from tui.fixing.playbook import Playbook, PlayStep, playbook
from tui.fixing.progress import Progress, Ran, RanState
from tui.fixing.running import job, outcome, run
from tui.fixing.ways import first_open, key_of, name_of, next_after
from tui.session import this_session
from tui.state import Step
from tui.walking.talk import Choice, Left
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

_SYSTEM, _ROUTER, _ANEW = "system", "router", "anew"
_RUN, _IMPOSSIBLE, _SOURCES = "run", "impossible", "sources"

At: TypeAlias = tuple[CausePlan, Way]


@dataclass(slots=True)
class _Fixing:
    """The plan for what was measured, and how far the person is with it."""

    walk: Walk
    plans: tuple[CausePlan, ...]
    found: Circumstances

    @property
    def progress(self) -> Progress:
        return self.walk.keeper.progress

    @property
    def fitting(self) -> Circumstances:
        """For whom the steps are: what was found, unless the person said otherwise."""
        progress, found = self.progress, self.found
        if progress.system in set(System):
            found = replace(found, system=System(progress.system), system_from="")
        if progress.brand in set(Brand):
            found = replace(found, brand=Brand(progress.brand), brand_from="")
        return found

    def book(self, at: At) -> Playbook:
        return playbook(at[1], at[0].cause, self.walk.measurement.report, self.fitting)

    def change(self, progress: Progress, at: At | None = None) -> None:
        """Keep it, and say so once where it cannot be kept."""
        if at is not None:
            cause = str(at[0].cause.id)
            progress = replace(progress, step=Step.FIX, cause=cause, way=key_of(at[1]))
        before = self.walk.keeper.trouble
        self.walk.keeper.change(progress, self.walk.whole or self.walk.raw)
        trouble = self.walk.keeper.trouble
        if trouble not in (before, Trouble.NONE):
            self.walk.talk.tell(content.label(trouble))


def fix(walk: Walk) -> Step:
    """Tell the ways, and go along with one. Raises Left."""
    talk, known = walk.talk, walk.measurement
    walk.keeper.open(known.title, known.report.network_id)
    plans = plan_of(known.report, known.diagnosis)
    fixing = _Fixing(walk, plans, circumstances(known.report))
    talk.heading(f"Step 4 of 5: Fix. {content.page('fix').title}")
    talk.tell(headline(known.diagnosis, known.report))
    if not plans:
        unknown = known.diagnosis.verdict is Verdict.UNKNOWN
        talk.tell("", content.fixing("nothing known" if unknown else "nothing to fix"))
        answer = walk.ask("What next?", moves(NEXT, BACK, QUIT, last="prove it"))
        return Step.PROVE if answer == NEXT else Step.UNDERSTAND
    if fixing.progress.begun:
        talk.tell("", "You have begun here before; what is done is marked.")
    while True:
        ways = [(plan, way) for plan in plans for way in plan.ways]
        _tell_list(fixing)
        answer = walk.pick(
            "Which change? A number, s, r, a, n, b or q:",
            (*(Choice("", "", str(index)) for index in range(len(ways))), *_LETTERS),
        )
        match answer:
            case "next":
                return Step.PROVE
            case "back":
                return Step.UNDERSTAND
            case "system":
                _other(fixing, "Which system?", System, "system")
            case "router":
                _other(fixing, "Which router?", Brand, "brand")
            case "anew":
                walk.keeper.forget()
            case _:
                if _follow(fixing, ways[int(answer)]):
                    return Step.PROVE


_LETTERS = (
    Choice("s", "Steps for another system", _SYSTEM),
    Choice("r", "Steps for another router", _ROUTER),
    Choice("a", "Begin anew: no step is done", _ANEW),
    *moves(NEXT, BACK, QUIT, last="prove that it worked"),
)


def _tell_list(fixing: _Fixing) -> None:
    talk, number, begin = fixing.walk.talk, 0, _begin(fixing)
    for plan in fixing.plans:
        cause = explain_cause(plan.cause, fixing.walk.measurement.report)
        talk.tell("", f"Because of: {cause.title} ({cause.weight}).")
        for way in plan.ways:
            number += 1
            marks = list(_marks(fixing, (plan, way), begin))
            marked = f" ({', '.join(marks)})" if marks else ""
            talk.tell(f"{number}. {name_of(way)}{marked}")
    talk.tell("", _for_whom(fixing.fitting))
    for letter in _LETTERS:
        talk.tell(f"{letter.key}. {letter.words}")


def _begin(fixing: _Fixing) -> Way | None:
    impossible = fixing.progress.impossible
    found = (first_open(plan, impossible) for plan in fixing.plans)
    return next((way for way in found if way is not None), None)


def _marks(fixing: _Fixing, at: At, begin: Way | None) -> Iterator[str]:
    progress, key = fixing.progress, key_of(at[1])
    if key in progress.impossible:
        yield "not possible for you"
    elif at[1] is begin:
        yield "begin here"
    if done := progress.ticked.get(key):
        steps = [step.id for step in fixing.book(at).steps]
        yield f"{sum(step in done for step in steps)} of {len(steps)} steps done"


def _for_whom(found: Circumstances) -> str:
    system = content.label(found.system)
    router = content.label(found.brand)
    seen = f", which calls itself {found.brand_from}" if found.brand_from else ""
    return f"The steps are for: {system}; router: {router}{seen}."


def _other(fixing: _Fixing, question: str, kind: type[System] | type[Brand], which: str) -> None:
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


# --- one way ------------------------------------------------------------------------------------


def _follow(fixing: _Fixing, at: At) -> bool:
    """Along the steps of one way. True: it is done, and is to be proven. Raises Left."""
    walk, talk = fixing.walk, fixing.walk.talk
    book = fixing.book(at)
    _tell_book(fixing, at, book)
    while True:
        answer = walk.pick("A number when that step is done, x, i, o, n, b or q:", _answers(book))
        match answer:
            case "next":
                return True
            case "back":
                return False
            case "impossible":
                following = _cannot(fixing, at)
                if following is None:
                    return False
                at = following
                book = fixing.book(at)
                _tell_book(fixing, at, book)
            case "run":
                _run_one(fixing, at, book)
            case "sources":
                for source in book.sources:
                    talk.tell(f"{source.name}: {source.address}")
            case _:
                if _tick(fixing, at, book, book.steps[int(answer)]):
                    talk.tell(content.fixing("now prove"))


def _answers(book: Playbook) -> Sequence[Choice]:
    return (
        *(Choice("", "", str(index)) for index in range(len(book.steps))),
        Choice("x", "Run a step's command for me", _RUN),
        Choice("i", "This is not possible for me", _IMPOSSIBLE),
        Choice("o", "Where this comes from", _SOURCES),
        *moves(NEXT, BACK, QUIT),
    )


def _tell_book(fixing: _Fixing, at: At, book: Playbook) -> None:
    talk = fixing.walk.talk
    talk.heading(book.title)
    talk.tell(book.for_you, "", f"Why: {book.why}", f"Who: {book.who}", f"Risk: {book.risk}")
    peers = [kind for kind in NatClass if at[1].flips.get(kind)]
    if peers:
        names = " and ".join(content.peer_kind(kind) for kind in peers)
        talk.tell(f"It makes the difference with: {names}.")
    if book.variant:
        kind = System if book.variant in set(System) else Brand
        talk.tell(f"The steps are for: {content.label(kind(book.variant))}.")
    talk.tell("")
    for number, step in enumerate(book.steps, 1):
        _tell_step(fixing, at, number, step)
    wait = f" Give it {book.wait_s} seconds of traffic first." if book.wait_s else ""
    talk.tell("", f"How it shows: {book.shows}{wait}", f"To take it back: {book.undo}", "")
    for choice in _answers(book)[len(book.steps) :]:
        talk.tell(f"{choice.key}. {choice.words}")


def _tell_step(fixing: _Fixing, at: At, number: int, step: PlayStep) -> None:
    talk = fixing.walk.talk
    done = ", done" if fixing.progress.done(key_of(at[1]), step.id) else ""
    first, *more = step.text.split("\n\n")
    talk.tell(f"Step {number}{done}: {first}", *more)
    if step.command is None:
        return
    for line in step.command.text.splitlines():
        talk.verbatim(line)
    if step.command.cuts:
        talk.tell(content.fixing(_cuts(fixing.walk)))


def _cuts(walk: Walk) -> str:
    session = walk.settings.session or this_session()
    if session.over_tailnet:
        return "cuts tailnet"
    return "cuts you" if session.remote else "cuts"


def _tick(fixing: _Fixing, at: At, book: Playbook, step: PlayStep) -> bool:
    """A step is done, or not any more. True: all are."""
    key, talk = key_of(at[1]), fixing.walk.talk
    done = not fixing.progress.done(key, step.id)
    fixing.change(fixing.progress.with_tick(key, step.id, done), at)
    talk.tell(f"Step {book.steps.index(step) + 1} is {'done' if done else 'not done any more'}.")
    return all(fixing.progress.done(key, each.id) for each in book.steps)


def _cannot(fixing: _Fixing, at: At) -> At | None:
    """The next-cheapest way; None where nothing is left."""
    progress = fixing.progress.with_impossible(key_of(at[1]), True)
    fixing.change(progress, at)
    found = next_after(fixing.plans, at[0], fixing.progress.impossible)
    if found is None:
        fixing.walk.talk.tell(content.fixing("nothing left"))
        return None
    lead = "The next way" if found[0] is at[0] else "Nothing else helps there. The next cause's way"
    fixing.walk.talk.tell(f"{lead}: {name_of(found[1])}.")
    return found


# --- running a command ----------------------------------------------------------------------------


def _run_one(fixing: _Fixing, at: At, book: Playbook) -> None:
    walk, talk = fixing.walk, fixing.walk.talk
    runnable = [step for step in book.steps if step.command is not None]
    if not runnable:
        talk.tell("No step here has a command.")
        return
    step = runnable[0]
    if len(runnable) > 1:
        choices = [
            Choice("", step.command.text.splitlines()[0] if step.command else "", str(index))
            for index, step in enumerate(runnable)
        ]
        answer = walk.ask("Which command?", (*choices, *moves(BACK, QUIT)))
        if answer == BACK:
            return
        step = runnable[int(answer)]
    _run(fixing, at, step)


def _run(fixing: _Fixing, at: At, step: PlayStep) -> None:
    walk, talk, command = fixing.walk, fixing.walk.talk, step.command
    assert command is not None
    is_root, has_sudo = offer.root_now()
    setting = offer.Setting(
        title=walk.measurement.title,
        report=walk.measurement.report,
        whose=at[1].whose,
        shown=fixing.fitting.system,
        found=fixing.found.system,
        steps_aside=True,
        masked=walk.settings.privacy,
        measuring=False,
        is_root=is_root,
        has_sudo=has_sudo,
    )
    if (why_not := offer.hindrance(command, setting)) is not None:
        talk.tell(f"Not run from here: {content.label(why_not)}.")
        return
    undo = command.undo if command.cuts else ""
    ready = job(command.text, as_root=command.as_root, is_root=is_root, undo=undo)
    talk.tell("", content.fixing("ask timed" if ready.timed else "ask"), "")
    for line in ready.shown.splitlines():
        talk.verbatim(line)
    if not talk.sure("Run this?"):
        return
    key, at_time = key_of(at[1]), now()
    # Written first: if this cuts the person off, the next start knows that it was begun.
    fixing.change(fixing.progress.with_ran(key, step.id, Ran(RanState.BEGUN, None, at_time)), at)
    status, ends = run(ready)
    ran = outcome(ready, status, at_time)
    progress = fixing.progress.with_ran(key, step.id, ran)
    fixing.change(progress.with_tick(key, step.id, True) if ran.well else progress, at)
    if ends:
        raise Left
    talk.tell("It ran well, and the step is done." if ran.well else "The step is not done.")
