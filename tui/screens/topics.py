"""What help can be asked for: the thing under the cursor, the keys, pages, and every term."""

from __future__ import annotations

import re

from textual.content import Content

from probes.diagnosis.model import CauseId
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.model import CheckId
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.command import Command
from tui.commands import COMMANDS
from tui.content import FieldId, playbooks
from tui.content.kinds import Term
from tui.explain.filling import filling_of
from tui.explain.verdict import cause_words
from tui.fixing.playbook import in_general
from tui.widgets.page import Block, gap, heading, pairs, prose
from tui.widgets.text import join, say


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of help."""

    id: str
    """``keys``, ``page:privacy``, ``term:hard-nat``, ``check:stun``, ``finding:field:udp`` …"""
    name: str
    blocks: tuple[Block, ...]


PAGES = ("privacy", "limits")
"""Pages that are not about one step."""


def topic(which: str, report: Report | None = None) -> Topic:
    """A topic by its id. Every id that a screen can ask for has one. `report`: what is looked at;
    what is said of a cause is said as it is there."""
    kind, _, name = which.partition(":")
    match kind:
        case "keys":
            return _keys()
        case "page":
            return _page(which, name)
        case "step":
            return _page(which, name) if name in content.pages() else _keys()
        case "term":
            return _term(name)
        case "check":
            return _check(which, CheckId(name))
        case "finding":
            return _finding(which, name, report or Report())
        case "way":
            return _way(which, name)
        case _:
            raise ValueError(f"{which!r} is no topic")


def standing() -> tuple[tuple[str, str], ...]:
    """The topics that are always listed: ids and names."""
    named = [("keys", "Getting about")]
    return (*named, *((f"page:{name}", content.page(name).title) for name in PAGES))


def terms() -> tuple[tuple[str, str], ...]:
    """The glossary: ids and names."""
    return tuple((f"term:{each.id}", each.name) for each in content.glossary().values())


def first_term() -> str:
    """Where the glossary begins."""
    return terms()[0][0]


def _page(which: str, name: str) -> Topic:
    page = content.page(name)
    blocks: list[Block] = [prose(page.opening)]
    for head, text in page.sections.items():
        blocks += [gap, heading(head), prose(text)]
    return Topic(which, page.title, tuple(blocks))


def _keys() -> Topic:
    page = content.page("keys")

    def row(command: Command) -> tuple[str, Content]:
        own = "" if command.elsewhere else f"  {command.id}"
        return command.every_key, join(say(command.title), say(own, "$quiet"))

    keys = [row(command) for command in COMMANDS if command.every_key]
    blocks: list[Block] = [
        prose(page.opening),
        gap,
        heading("Keys"),
        pairs(keys),
    ]
    for head, text in page.sections.items():
        blocks += [gap, heading(head), prose(text)]
    return Topic("keys", page.title, tuple(blocks))


def _term(name: str) -> Topic:
    found = content.glossary()[name]
    blocks: list[Block] = [prose(found.short, "$strong"), gap, prose(found.more)]
    if found.also:
        blocks += [gap, prose(f"Also called: {', '.join(found.also)}.", "$quiet")]
    return Topic(f"term:{name}", found.name, tuple(blocks))


def _check(which: str, check: CheckId) -> Topic:
    words = content.check(check)
    blocks: list[Block] = [
        prose(words.question, "$strong"),
        gap,
        heading("Why do you ask?"),
        prose(words.why),
        gap,
        heading("What is sent"),
        prose(words.sent),
    ]
    return Topic(which, words.title, tuple(blocks))


def _way(which: str, name: str) -> Topic:
    """A way out: ``port-mapping:this``, by the name that saved progress has for it."""
    remedy, _, whose = name.partition(":")
    words = playbooks.playbook_words(RemedyId(remedy))
    for_you, who = words.for_you, words.who
    if whose == Whose.OTHER:
        for_you, who = playbooks.guidance("other-for-you"), playbooks.guidance("other-who")
    parts = (
        *(("", for_you), ("Why that helps", words.why), ("Who can do it", who)),
        *(("What it risks", words.risk), ("How it shows", words.shows)),
        ("To take it back", words.undo),
    )
    blocks: list[Block] = []
    for head, text in parts:
        said = prose(in_general(text), "" if head else "$strong")
        blocks += [gap, heading(head), said] if head else [said]
    texts = (*(text for _, text in parts), *(step.text for step in words.steps))
    used = {found.name: found for text in texts for found in _terms(text)}
    if used:
        blocks += [gap, heading("Words in it")]
        blocks += [prose(f"[[{each.name}]]: {each.short}") for each in used.values()]
    called = content.label(RemedyId(remedy))
    return Topic(which, called[:1].upper() + called[1:], tuple(blocks))


def _terms(text: str) -> list[Term]:
    found = (content.term(each) for each in content.terms(text))
    return [each for each in found if each is not None]


_PEERS = {
    "none": "no-nat",
    "easy": "easy-nat",
    "hard": "hard-nat",
    "ipv6": "ipv6",
    "ipv4": "ipv4",
}
"""The word that explains a kind of peer."""
_GAP = re.compile(r"\{\w+\}")
"""What a value is filled with once it is measured."""


def _finding(which: str, name: str, report: Report) -> Topic:
    kind, _, rest = name.partition(":")
    match kind:
        case "field":
            words = content.netcheck_field(FieldId(rest))
            blocks: list[Block] = [
                prose(words.question, "$strong"),
                gap,
                heading("Why it matters"),
                prose(words.why),
                gap,
                heading("How it is measured"),
                prose(words.how),
                gap,
                heading("What it can say"),
                *(prose(f"- {_GAP.sub('…', value.label)}") for value in words.values.values()),
            ]
            return Topic(which, words.title, tuple(blocks))
        case "pair" if rest in ("mind", "ask"):
            return _page(which, {"mind": "mind", "ask": "other-side"}[rest])
        case "differ" | "pair":
            return _page(which, "understand")
        case "note" if rest == "run":
            return _page(which, "measure")
        case "cause" | "where" | "note":
            cause, filling = cause_words(CauseId(rest), report), filling_of(report)
            texts = (cause.sentence, cause.for_you, cause.who)
            sentence, for_you, who = (content.fill(text, **filling) for text in texts)
            about: list[Block] = [prose(sentence, "$strong"), gap, prose(for_you)]
            return Topic(which, cause.title, (*about, gap, heading("Who can act"), prose(who)))
        case "nat":
            return _term("nat")
        case "peer":
            return _term(_PEERS[rest])
        case _:
            raise ValueError(f"{which!r} is no topic")
