"""The two sides: the table of pairs, the chosen peer, and what was measured at the other end."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from probes.diagnosis.model import NatClass, Result
from probes.diagnosis.what_if import Fix, Whose
from tui import content
from tui.explain import explain_peer
from tui.explain.path import own_nat
from tui.explain.tones import RESULT_TONES
from tui.pair_view import Pair, how_of
from tui.screens.settling import open_lines
from tui.state import Measurement
from tui.theme import LOOKS
from tui.widgets.page import Block, data, gap, heading, pairs, prose, title
from tui.widgets.text import fit, fitting, join, say

KINDS = (NatClass.NONE, NatClass.EASY, NatClass.HARD)
_DIRECT, _RELAYED = Result.DIRECT, Result.RELAYED
_RULE = {
    NatClass.NONE: (_DIRECT, _DIRECT, _DIRECT),
    NatClass.EASY: (_DIRECT, _DIRECT, _RELAYED),
    NatClass.HARD: (_DIRECT, _RELAYED, _RELAYED),
}
"""This side by the other side, in the order of `KINDS` (Tailscale docs, device connectivity)."""


_WHOLE_TABLE = 41
"""So many cells hold all three columns with their full names."""
_SHORT = {NatClass.NONE: "none", NatClass.EASY: "easy", NatClass.HARD: "hard"}
_IN_A_WORD = {
    Result.DIRECT: "direct",
    Result.POSSIBLE: "maybe",
    Result.RELAYED: "relay",
    Result.UNKNOWN: "unsure",
}


def other_side(measurement: Measurement) -> tuple[NatClass, Result | None]:
    """The other side's NAT, as far as it was measured or hints tell, and what holds for it."""
    if measurement.pair is not None:
        return measurement.pair.sides[1].nat4.nat_class, measurement.pair.prediction.result
    peer = measurement.diagnosis.peer
    return (NatClass.UNKNOWN, None) if peer is None else (peer.nat, peer.result)


def pair_table(measurement: Measurement) -> Block:
    """This side by the other side. This side's row is what was measured, the others are the rule;
    the other side's column is marked where it is known."""
    own = measurement.diagnosis.nat4.nat_class
    outlook = measurement.diagnosis.outlook
    theirs, found = other_side(measurement)
    kinds = zip(KINDS, (outlook.none, outlook.easy, outlook.hard), strict=True)
    measured = tuple(found if kind is theirs and found else each.result for kind, each in kinds)

    def lay(width: int) -> Sequence[Content]:
        narrow = width < _WHOLE_TABLE
        names = _SHORT if narrow else {kind: content.label(kind) for kind in KINDS}
        lead = 7 if narrow else 11  # a mark, the longest name, a blank
        room = max((width - lead) // len(KINDS), 7)
        cells = [
            fit(say(names[kind], "bold" if kind is theirs else "$quiet"), room) for kind in KINDS
        ]
        this = "this" if narrow else "this side"
        lines = [
            join(fit(say(this, "$quiet"), lead), say("other side", "$quiet")),
            join(" " * lead, *cells),
        ]
        for kind in KINDS:
            here = kind is own
            results = measured if here else _RULE[kind]
            name = say(("▸ " if here else "  ") + names[kind], "bold" if here else "$quiet")
            row = [fit(name, lead)]
            for column, result in zip(KINDS, results, strict=True):
                meant = here and column is theirs
                row.append(fit(_cell(result, room, here=here, meant=meant), room))
            lines.append(join(*row))
        return lines

    return lay


def _cell(result: Result, room: int, *, here: bool, meant: bool) -> Content:
    look = LOOKS[RESULT_TONES[result]]
    style = f"{look.style} bold" if here else "$quiet"
    long = f"{look.glyph} {content.label(result)}"
    short = _IN_A_WORD[result]
    # One cell stays free between two columns.
    words = fitting((long, f"{look.glyph} {short}", short), room - 1)
    marked = f"[{words}]" if len(words) + 2 < room else words
    return say(marked if meant else words, f"{style} reverse" if meant else style)


def about_table(measurement: Measurement) -> list[Block]:
    """The table with what it means."""
    own = measurement.diagnosis.nat4.nat_class
    theirs, _ = other_side(measurement)
    blocks: list[Block] = [
        prose("What two devices do, by the kind of NAT that each of them is behind.", "$quiet"),
        gap,
        pair_table(measurement),
        gap,
    ]
    if own is NatClass.UNKNOWN:
        blocks.append(prose("Which row is yours is not known, so the table shows the rule alone."))
    else:
        blocks.append(
            prose(
                f"Your row is {content.label(own)}: it holds what was measured here. The others "
                "show the rule, so you see what a change on this side would bring."
            )
        )
    if theirs is NatClass.UNKNOWN:
        blocks += [gap, prose("Which column is the other side's is not known yet. Ask it.")]
    else:
        blocks += [gap, prose(f"The other side's column is {content.label(theirs)}.")]
    return [
        *blocks,
        gap,
        prose("It is about IPv4. With IPv6 on both sides, most pairs are direct."),
    ]


def about_peer(measurement: Measurement) -> list[Block]:
    """The chosen device: its path today, and what is to be expected."""
    found = measurement.diagnosis.peer
    assert found is not None
    words = explain_peer(found, measurement.report)
    rows = [("Today", say(words.now)), ("How sure", say(words.confidence))]
    rows += [("Its NAT", say(f"{words.nat}, as far as hints go"))] if words.nat else []
    blocks: list[Block] = [
        title(f"{words.result}: {content.plain(words.label)}", words.tone),
        gap,
        prose(words.sentence),
        gap,
        pairs(rows),
        gap,
        heading("Why"),
        prose(words.why),
    ]
    if words.meanwhile:
        blocks += [gap, prose(words.meanwhile)]
    if words.hints:
        blocks += [gap, heading("What is known of its side"), *map(data, words.hints)]
    blocks += _changes(found.fixes)
    if lines := open_lines(measurement.report, found.missing):
        blocks += [gap, heading("What would change this"), *lines]
    return blocks


def about_pair(measurement: Measurement, found: Pair) -> list[Block]:
    """Both sides as they were measured."""
    words = how_of(found)
    result = found.prediction.result
    rows = [
        ("How sure", say(content.label(found.prediction.confidence))),
        ("This side", say(own_nat(found.sides[0].nat4))),
        ("Other side", say(own_nat(found.sides[1].nat4))),
    ]
    return [
        title(f"{content.label(result)}: {content.plain(words.label)}", RESULT_TONES[result]),
        gap,
        prose(words.sentence),
        gap,
        pairs(rows),
        gap,
        heading("Why"),
        prose(words.why),
        *_changes(found.fixes),
        gap,
        prose(_READ_FROM, "$quiet"),
        data(found.b.name, "$quiet"),
    ]


_READ_FROM = "The other side was read from:"
_SIDES = {Whose.THIS: "on this side", Whose.OTHER: "on the other side"}
_MOST = 6


def _changes(fixes: Sequence[Fix]) -> list[Block]:
    flipping = [fix for fix in fixes if fix.flips][:_MOST]
    if not flipping:
        return []
    lines = [prose(f"- {content.label(fix.remedy.id)}, {_SIDES[fix.side]}") for fix in flipping]
    return [gap, heading("One of these makes it direct"), *lines]


SEND = "Send this"
"""The section of the page that is copied."""


def about_asking() -> list[Block]:
    """What to send to the other side, and what happens with the answer."""
    page = content.page("other-side")
    blocks: list[Block] = [prose(page.opening)]
    for name, text in page.sections.items():
        blocks += [gap, heading(name), prose(text, "$strong" if name == SEND else "")]
    return blocks


def to_send() -> str:
    """The two lines, to be copied."""
    return content.plain(content.page("other-side").sections[SEND]).replace("`", "")
