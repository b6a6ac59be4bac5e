"""The steps of one way out: told, ticked, run, or set aside for the next way."""

from __future__ import annotations

from collections.abc import Sequence

from tui import content
from tui.fixing import offer
from tui.fixing.circumstances import Brand, System
from tui.fixing.playbook import Playbook, PlayStep
from tui.fixing.telling import nothing_left, promise
from tui.fixing.ways import key_of, name_of, next_after
from tui.walking.fix_plan import At, Fixing
from tui.walking.fix_run import hindrance, run_one, session_of
from tui.walking.letters import LETTERS
from tui.walking.talk import Choice
from tui.walking.walk import BACK, NEXT, QUIT, moves

_RUN, _IMPOSSIBLE, _SOURCES = "run", "impossible", "sources"


def follow(fixing: Fixing, at: At) -> bool:
    """Along the steps of one way. True: it is done, and is to be proven. Raises Left."""
    walk, talk = fixing.walk, fixing.walk.talk
    book = _come_to(fixing, at)
    while True:
        answer = walk.pick("Which step is done?", _answers(fixing, at, book))
        match answer:
            case "next":
                return True
            case "back":
                return False
            case "impossible":
                following = _cannot(fixing, at)
                if following is None:
                    return False
                if following is not at:
                    at = following
                    book = _come_to(fixing, at)
            case "run":
                run_one(fixing, at, book)
            case "sources":
                for source in book.sources:
                    talk.tell(f"{source.name}: {source.address}")
            case _:
                if _tick(fixing, at, book, book.steps[int(answer)]):
                    talk.tell(content.fixing("now prove"))


def _come_to(fixing: Fixing, at: At) -> Playbook:
    """The steps of a way are told; once something is begun, this is where the person is."""
    if fixing.progress.begun:
        fixing.change(fixing.progress, at)
    book = fixing.book(at)
    _tell_book(fixing, at, book)
    return book


def _answers(fixing: Fixing, at: At, book: Playbook) -> Sequence[Choice]:
    commands = [step.command for step in book.steps if step.command is not None]
    practice = any(hindrance(fixing, at, each) is offer.Hindrance.PRACTICE for each in commands)
    words = "Run a step's command for me" + (" (only on a real network)" if practice else "")
    return (
        *(
            Choice("", step.text.partition("\n\n")[0], str(index))
            for index, step in enumerate(book.steps)
        ),
        *([Choice(LETTERS["run"], words, _RUN)] if commands else []),
        Choice(LETTERS["impossible"], content.fixing(_possible(fixing, at)), _IMPOSSIBLE),
        Choice(LETTERS["source"], "Where this comes from", _SOURCES),
        *moves(NEXT, BACK, QUIT),
    )


def _possible(fixing: Fixing, at: At) -> str:
    """Which words say what the letter does: it takes back what it said before."""
    return "possible again" if key_of(at[1]) in fixing.progress.impossible else "not possible"


def _tell_book(fixing: Fixing, at: At, book: Playbook) -> None:
    talk = fixing.walk.talk
    talk.heading(book.title)
    if key_of(at[1]) in fixing.progress.impossible:
        talk.tell(content.fixing("not for me"), "")
    talk.tell(book.for_you, "", f"Why: {book.why}", f"Who: {book.who}", f"Risk: {book.risk}")
    if at[1].flips and (said := promise(at[1])):
        talk.tell(said)
    if book.variant:
        kind = System if book.variant in set(System) else Brand
        talk.tell(f"The steps are for: {content.label(kind(book.variant))}.")
    talk.tell("")
    for number, step in enumerate(book.steps, 1):
        _tell_step(fixing, at, number, step)
    wait = f" Give it {book.wait_s} seconds of traffic first." if book.wait_s else ""
    talk.tell("", f"How it shows: {book.shows}{wait}", f"To take it back: {book.undo}", "")
    for choice in _answers(fixing, at, book)[len(book.steps) :]:
        talk.tell(f"{choice.key}. {choice.words}")


def _tell_step(fixing: Fixing, at: At, number: int, step: PlayStep) -> None:
    talk = fixing.walk.talk
    done = ", done" if fixing.progress.done(key_of(at[1]), step.id) else ""
    first, *more = step.text.split("\n\n")
    talk.tell(f"Step {number}{done}: {first}", *more)
    if step.command is None:
        return
    if step.command.cuts:  # said first: who is cut off reads nothing more
        # On a practice network nothing is run; it shows what a real one would.
        run = hindrance(fixing, at, step.command) in (None, offer.Hindrance.PRACTICE)
        timed = f" {content.fixing('timed')}" if run and step.command.shell == "sh" else ""
        talk.tell(f"{content.fixing(offer.cuts_words(session_of(fixing.walk)))}{timed}")
    talk.verbatim(step.command.text)


def _tick(fixing: Fixing, at: At, book: Playbook, step: PlayStep) -> bool:
    """A step is done, or not any more. True: all are."""
    key, talk = key_of(at[1]), fixing.walk.talk
    done = not fixing.progress.done(key, step.id)
    fixing.change(fixing.progress.with_tick(key, step.id, done), at)
    talk.tell(f"Step {book.steps.index(step) + 1} is {'done' if done else 'not done any more'}.")
    return all(fixing.progress.done(key, each.id) for each in book.steps)


def _cannot(fixing: Fixing, at: At) -> At | None:
    """The next-cheapest way; the same one where it is possible after all; None where nothing is
    left."""
    key = key_of(at[1])
    impossible = key not in fixing.progress.impossible
    fixing.change(fixing.progress.with_impossible(key, impossible), at)
    if not impossible:
        fixing.walk.talk.tell(content.fixing("is possible"))
        return at
    found = next_after(fixing.plans, at[0], fixing.closed)
    if found is None:
        fixing.walk.talk.tell(nothing_left())
        return None
    lead = "The next way" if found[0] is at[0] else "Nothing else helps there. The next cause's way"
    fixing.walk.talk.tell(f"{lead}: {name_of(found[1])}.")
    return found
