"""A report as text that can be read from top to bottom, by eye or by a screen reader.

No boxes, no columns, nothing that moves the cursor: headings are words, every line says one fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import assert_never

from probes.diagnosis.model import Diagnosis, Verdict
from probes.model import Failed, Known, Reason, Unknown
from probes.readings import KEYS
from probes.report import SIMULATED, Report
from probes.values import dataclass
from probes.version import __version__
from tui import content
from tui.exits import Exit
from tui.explain import (
    CauseText,
    PeerWords,
    explain_cause,
    explain_disagreements,
    explain_outlooks,
    explain_peer,
    headline,
)
from tui.explain.settling import claims, open_readings
from tui.explain.words import asked_of, not_known
from tui.fixing.first import first_lines, in_short
from tui.fixing.telling import plan_lines
from tui.glyphs import printable
from tui.plain_facts import explained, fields, measured, nats, rests_on, router, sentence
from tui.status import exit_status
from tui.wrapping import COMMAND, filled

_EXIT_WORDS = {
    Exit.DIRECT: "direct connections are to be expected",
    Exit.RELAYED: "relayed, or it depends",
    Exit.UNKNOWN: "could not tell",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the report, under a title of its own."""

    title: str
    lines: Iterable[str]


def parts(
    report: Report, diagnosis: Diagnosis, *, masked: bool = False, closed: Collection[str] = ()
) -> Iterator[Part]:
    """The report, part by part: what it comes to and what to do first, then what that rests on.

    `closed`: the ways that are no place to begin, by their keys.
    """
    yield Part("Verdict", _verdict(report, diagnosis, masked))
    ways = plan_lines(report, diagnosis, masked=masked, closed=closed)
    yield from _where_any("What to do", ways)
    yield Part("Causes", _causes(report, diagnosis))
    yield from _pair(report, diagnosis)
    yield Part("What to expect", _outlook(report, diagnosis))
    yield Part("What was told" if report.elsewhere else "What was measured", measured(report))
    yield from _where_any("What the router says", router(report))
    yield Part("What netcheck would say, and what it means", fields(report))
    yield Part("The NAT", nats(report, diagnosis))
    yield from _where_any("Where witnesses contradict each other", _contradictions(report))
    yield from _where_any("What would change my mind", _settling(report, diagnosis))
    yield Part("What is not known, and why", _unknown(report, diagnosis))


def _where_any(title: str, lines: Iterable[str]) -> Iterator[Part]:
    """A section that is there only if there is something to say in it."""
    if found := tuple(lines):
        yield Part(title, found)


def report_to_text(report: Report, diagnosis: Diagnosis, *, masked: bool = False) -> str:
    """The whole report, in numbered sections. `masked`: its addresses and names are masks."""
    sections = (
        *parts(report, diagnosis, masked=masked),
        Part("Exit status", _exit(diagnosis.verdict)),
    )
    lines = [f"whyrelay {__version__}", *_taken(report)]
    if masked:
        lines.append(content.notice("masked"))
    for count, part in enumerate(sections, 1):
        lines += ["", f"{count}. {part.title}", "", *part.lines]
    # A terminal that was scrolled shows the end and not the beginning.
    lines += ["", in_short(report, diagnosis, headline(diagnosis, report))]
    return "".join(_wrapped(lines))


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    blank = False
    for line in lines:
        if line.startswith(COMMAND):
            # To be copied as it is: a line that was broken would be two commands.
            yield printable(line) + "\n"
            blank = False
            continue
        # Links to the glossary are for screens; a reader hears their words. An arrow is read out
        # as an arrow.
        text = printable(" ".join(content.plain(line).split())).replace(" → ", " to ")
        if text or not blank:
            yield (filled(text) if text else "") + "\n"
        blank = not text


def _taken(report: Report) -> Iterator[str]:
    if report.elsewhere:
        when = report.taken_at[:19].replace("T", " ")
        yield "Measured elsewhere" + (f", {when} UTC." if when else ", at a time that is not said.")
        return
    practice = report.network.removeprefix(SIMULATED)
    what = "this network" if report.network == "real" else f"practice network {practice}"
    when = report.taken_at[:19].replace("T", " ")
    yield f"Measured: {what}, {when} UTC, in {report.elapsed_ms / 1000:.1f} s."
    if report.network_changed:
        yield "The network was lost or changed meanwhile, so little here can be relied on."
    if not report.closed or report.cancelled:
        yield "The run did not come to its end."


def _verdict(report: Report, diagnosis: Diagnosis, masked: bool) -> Iterator[str]:
    yield headline(diagnosis, report)
    yield ""
    yield from first_lines(report, diagnosis, masked=masked)


def _pair(report: Report, diagnosis: Diagnosis) -> Iterator[Part]:
    """The section on the chosen peer, where one was chosen."""
    if diagnosis.peer is not None and diagnosis.peer.name:
        words = explain_peer(diagnosis.peer, report)
        yield Part(f"With {words.name}", _peer(words))


def _peer(words: PeerWords) -> Iterator[str]:
    yield sentence(f"Its path now: {words.now}")
    yield sentence(f"What to expect: {words.result}: {words.label}")
    yield f"How: {words.sentence}"
    yield f"Why: {words.why}"
    yield f"How sure: {words.confidence}."
    if words.meanwhile:
        yield words.meanwhile
    if words.nat:
        yield f"Its NAT, as a hint: {words.nat}."
    for hint in words.hints:
        yield sentence(f"Known of the other side, as a hint: {hint}")
    yield from rests_on(words.evidence)
    yield from rests_on(words.missing)


def _outlook(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    for words in explain_outlooks(diagnosis, report).values():
        yield sentence(f"With {words.who}: {words.result}: {words.label}")
        yield f"How: {words.sentence}"
        yield f"Why: {words.why}"
        yield ""


def _causes(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.causes:
        yield "None was found."
    for count, cause in enumerate(diagnosis.causes, 1):
        yield from _cause(count, explain_cause(cause, report))


def _cause(count: int, cause: CauseText) -> Iterator[str]:
    yield f"Cause {count}: {cause.title}."
    yield f"Weight: {cause.weight}."
    yield f"How sure: {cause.confidence}."
    yield f"Who acts: {cause.actor}."
    yield f"What it is: {cause.sentence}"
    yield f"For you: {cause.for_you}"
    yield f"What helps: {cause.first}"
    yield f"Why: {cause.why}"
    yield f"What would disprove it: {cause.disproof}"
    yield f"How it shows that it worked: {cause.worked}"
    yield f"Who can do it: {cause.who}"
    yield from rests_on(cause.evidence)
    yield from rests_on(cause.missing)
    yield ""


def _settling(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    said: set[str] = set()
    for claim, readings in claims(report, diagnosis):
        for each in open_readings(report, readings):
            yield f"{claim}: {each.what}"
            if each.how not in said:
                said.add(each.how)
                yield f"To settle it: {each.how}"


def _contradictions(report: Report) -> Iterator[str]:
    for each in explain_disagreements(report):
        yield from explained(each)


def _unknown(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    nothing = True
    wanted = {*diagnosis.nat4.missing, *diagnosis.nat6.missing}
    wanted.update(key for cause in diagnosis.causes for key in cause.missing)
    for key in KEYS.values():
        if key.check not in report.checks and key.id not in wanted:
            continue  # a check that this version does not make, and that nothing waits for
        match report[key]:
            case Known() | Unknown(Reason.NOT_APPLICABLE):
                continue
            case Unknown(reason, detail):
                label, more = not_known(reason, detail)
                why = f"{label} ({more})" if more else label
            case Failed(error):
                why = f"{content.unknown('failed').label}: {error}"
            case reading:
                assert_never(reading)
        nothing = False
        yield sentence(f"{asked_of(key)}: {why}: {key.id}")
    if nothing:
        yield "Everything that was asked was answered."


def _exit(verdict: Verdict) -> Iterator[str]:
    status = exit_status(verdict)
    for each, words in _EXIT_WORDS.items():
        here = " This is the status of this run." if each is status else ""
        yield f"{each.value}: {words}.{here}"
