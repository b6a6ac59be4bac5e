"""The findings of the step Understand: each with its line in the list and its page beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, assert_never

from textual.content import Content

from probes.diagnosis.model import CauseId, NatClass, Verdict
from probes.model import Family
from probes.readings.tailscale import Peer
from probes.values import dataclass
from tui import content
from tui.content import FieldId, Tone, plain
from tui.explain import (
    CauseText,
    Explained,
    OutlookWords,
    explain_cause,
    explain_disagreements,
    explain_field,
    explain_nat,
    explain_outlooks,
    explain_peer,
    ignored,
    map_lines,
    notices,
)
from tui.explain.headline import in_a_word
from tui.explain.path import met_nat, this_nat
from tui.explain.tones import RESULT_TONES
from tui.explain.verdict import cause_words
from tui.fixing.first import relayed_now
from tui.screens import between
from tui.screens.evidence import Made
from tui.screens.settling import open_lines, open_questions
from tui.state import Measurement
from tui.theme import LOOKS
from tui.widgets.page import Block, data, gap, heading, pairs, prose, title
from tui.widgets.path import column, hops
from tui.widgets.text import fit, fitting, glyph, join, say
from tui.widgets.verdict import sentence, verdict_tone

RUN = "note:run"
"""What is to be said of the run as a whole."""
MEASURED = "pair:measured"
"""The finding on both sides as they were measured."""
ASK = "pair:ask"
"""The finding that tells how to ask the other side."""


@dataclass(frozen=True, slots=True)
class About:
    """What is to be said of the run as a whole."""

    notices: tuple[str, ...]
    map: tuple[str, ...]
    ignored: tuple[str, ...]
    taken_at: str
    title: str = "About this run"
    warns: bool = False
    tone: Tone = Tone.NOTE


Entry: TypeAlias = Explained | CauseText | OutlookWords | About | Made

PARTS = {
    "cause": "What stands in the way",
    "pair": "The two sides",
    "where": "Where this device is",
    "field": "What netcheck reports",
    "nat": "Your NAT",
    "peer": "If the other side has",
    "differ": "Where witnesses differ",
    "note": "Worth knowing",
}
"""The parts of the list, in order, by what their rows' ids begin with."""
_PLACES = frozenset(
    {
        *(CauseId.CONTAINER, CauseId.VIRTUAL_MACHINE, CauseId.KUBERNETES, CauseId.CLOUD_NAT),
        *(CauseId.MOBILE_NETWORK, CauseId.OTHER_VPN, CauseId.EXIT_NODE),
    }
)
"""Notes that say how all the rest is to be read: they stand before it."""


def entries(measurement: Measurement, peers: Sequence[Peer] | None = None) -> dict[str, Entry]:
    """The list, by the ids of its rows. `peers`: the devices with paths newer than the run."""
    report, diagnosis = measurement.report, measurement.diagnosis
    found: dict[str, Entry] = {}
    run = About(notices(report), map_lines(report), ignored(report), report.taken_at)
    if report.network_changed:  # before anything that was found
        title_ = content.notice("network-changed short")
        run = found[RUN] = replace(run, title=title_, warns=True)
    causes = measurement.judged.causes
    notes = [cause for cause in causes if not cause.in_the_way]
    for cause in causes:
        if cause.in_the_way:
            found[f"cause:{cause.id}"] = explain_cause(cause, report)
    found |= _two_sides(measurement, measurement.peers if peers is None else peers)
    for cause in notes:
        if cause.id in _PLACES:
            found[f"where:{cause.id}"] = explain_cause(cause, report)
    for field in FieldId:
        found[f"field:{field}"] = explain_field(report, field)
    found["nat:4"] = explain_nat(diagnosis.nat4, report, Family.V4)
    found["nat:6"] = explain_nat(diagnosis.nat6, report, Family.V6)
    for name, words in explain_outlooks(diagnosis, report).items():
        found[f"peer:{name}"] = words
    for each in explain_disagreements(report):
        found[each.id] = each
    for cause in (each for each in notes if each.id not in _PLACES):
        found[f"note:{cause.id}"] = explain_cause(cause, report)
    found.setdefault(RUN, run)
    return found


def _two_sides(measurement: Measurement, peers: Sequence[Peer]) -> dict[str, Entry]:
    """The answer itself, and what hangs on the other side."""
    report, diagnosis = measurement.report, measurement.diagnosis
    outlook, peer = diagnosis.outlook, diagnosis.peer
    each = (outlook.none, outlook.easy, outlook.hard)
    because = peer.because if peer is not None else outlook.easy.because
    found: dict[str, Entry] = {
        "pair:answer": Made(
            "The answer",
            _verdict(measurement),
            verdict_tone(measurement),
            tuple(_answer(measurement, peers)),
            tuple(dict.fromkeys((*because, *diagnosis.nat4.because))),
            short="Answer",
        )
    }
    if peer is not None:
        words = explain_peer(peer, report)
        blocks = tuple(between.about_peer(measurement))
        found["pair:peer"] = Made(
            f"With {words.name}", words.result, words.tone, blocks, peer.because
        )
    if (pair := measurement.pair) is not None:
        result = pair.prediction.result
        found[MEASURED] = Made(
            "As both sides measured",
            content.label(result),
            RESULT_TONES[result],
            tuple(between.about_pair(measurement, pair)),
            pair.prediction.ours,
            pair.prediction.theirs,
            short="Both measured",
        )
    found["pair:table"] = Made(
        "Pair table",
        "",
        Tone.NOTE,
        tuple(between.about_table(measurement)),
        tuple(dict.fromkeys(name for kind in each for name in kind.because)),
    )
    asking = tuple(between.about_asking())
    called, short = "Ask the other side", ""
    if measurement.other is not None:
        called, short = f"{called} again", "Ask there again"
    found[ASK] = Made(called, "", Tone.NOTE, asking, to_copy=between.to_send(), short=short)
    mind = tuple(open_questions(measurement))
    found["pair:mind"] = Made("What would change it", "", Tone.NOTE, mind)
    return found


def _verdict(measurement: Measurement) -> str:
    """In a word or two. While it is measured, what is not known yet is no answer."""
    if measurement.running and measurement.verdict is Verdict.UNKNOWN:
        return plain(content.unknown("measuring").label)
    return in_a_word(measurement.judged)


def _answer(measurement: Measurement, peers: Sequence[Peer]) -> list[Block]:
    """The verdict, on what it is based, and how sure the base is."""
    diagnosis = measurement.diagnosis
    nat = met_nat(diagnosis, measurement.report)
    rows = [("This side", say(this_nat(nat, measurement.report)))]
    if nat.nat_class is not NatClass.UNKNOWN:
        rows.append(("How sure", say(content.label(nat.confidence))))
    blocks: list[Block] = [
        title(sentence(measurement), verdict_tone(measurement)),
        gap,
        pairs(rows),
    ]
    weighty = (cause for cause in measurement.judged.causes if cause.in_the_way)
    if causes := list(weighty):
        blocks += [gap, heading(PARTS["cause"])]
        blocks += [prose(f"- {cause_words(each.id, measurement.report).title}") for each in causes]
    if relayed := relayed_now(measurement.report, measurement.judged, peers):
        blocks += [gap, prose(relayed)]
    stops = hops(measurement.report, measurement.judged)
    blocks += [gap, heading("The path"), lambda width: column(stops, width)]
    if diagnosis.peer is None and measurement.pair is None:
        blocks += _in_general(explain_outlooks(diagnosis, measurement.report))
    if measurement.report.elsewhere:
        page = content.page("elsewhere")
        blocks += [gap, heading(page.title), prose(page.opening)]
        for name, text in page.sections.items():
            blocks += [gap, heading(name), prose(text)]
    return blocks


def _in_general(found: Mapping[str, OutlookWords]) -> Iterator[Block]:
    """With an ordinary peer; where it hangs on what the peer has, with each kind."""
    ordinary = found.get(str(NatClass.EASY))
    for each in (ordinary,) if ordinary is not None else found.values():
        lead = "With an ordinary peer" if each is ordinary else f"With {each.who}"
        yield from (gap, heading(lead), prose(each.sentence))
        yield from (gap, heading("Why"), prose(each.why))


def title_of(entry: Entry) -> str:
    return f"{entry.peer} on the other side" if isinstance(entry, OutlookWords) else entry.title


def _value(entry: Entry) -> str:
    match entry:
        case Explained():
            return entry.value
        case CauseText():
            return entry.weight
        case OutlookWords():
            return entry.result
        case Made():
            return entry.value
        case About():
            return ""
        case _:
            assert_never(entry)


def line_of(entry: Entry) -> Callable[[int], Content]:
    look = LOOKS[entry.tone]
    name = entry.peer if isinstance(entry, OutlookWords) else entry.title
    short = entry.short if isinstance(entry, Made) and entry.short else name
    value = say(plain(_value(entry)), look.style)

    def lay(width: int) -> Content:
        room = width - 2
        if isinstance(entry, CauseText):
            # The sign says as much as a value would; the words are beside it.
            line = say(fitting((name, content.short_cause(entry.id)), room))
        elif not value:
            line = say(fitting((name, short), room))
        elif room >= 44:
            line = join(fit(say(name), 24), value)
        else:
            left = room - 1 - value.cell_length
            shown = fitting((name, short), left)
            line = join(fit(say(shown), max(left, min(len(shown), room - 10))), " ", value)
        claims = entry.warns if isinstance(entry, About) else bool(_value(entry))
        sign = glyph(entry.tone) if claims else say("·", "$quiet")
        return fit(join(sign, " ", line), width)

    return lay


def meaning(entry: Entry, measurement: Measurement) -> list[Block]:
    match entry:
        case Explained():
            return [*_finding(entry), *_changing(entry, measurement)]
        case CauseText():
            return [*_cause(entry), *_changing(entry, measurement)]
        case OutlookWords():
            return _outlook(entry)
        case Made():
            return [*entry.blocks]
        case About():
            return _about(entry)
        case _:
            assert_never(entry)


def _changing(entry: Explained | CauseText, measurement: Measurement) -> list[Block]:
    """What would disprove it, and what would change it: a cure that works, or what is not known."""
    missing = [each.reading for each in entry.evidence if not each.known]
    against: list[Block] = []
    worked: list[Block] = []
    if isinstance(entry, CauseText):
        missing += [each.reading for each in entry.missing]
        against = [gap, heading("What would disprove it"), prose(entry.disproof)]
        worked = [prose(entry.worked)]
    lines = [*worked, *open_lines(measurement.report, missing)]
    return [*against, *([gap, heading("What would change this"), *lines] if lines else [])]


def _finding(entry: Explained) -> list[Block]:
    blocks: list[Block] = [
        prose(entry.question, "$quiet"),
        title(plain(entry.label), entry.tone),
        gap,
        prose(entry.meaning),
        gap,
        heading("For you"),
        prose(entry.interpretation),
        gap,
        heading("Next"),
        prose(entry.next_step),
    ]
    if entry.facts:
        rows = [(fact.name, say(plain(fact.value))) for fact in entry.facts]
        blocks[2:2] = [gap, pairs(rows)]
    return blocks


def _cause(entry: CauseText) -> list[Block]:
    return [
        title(plain(entry.sentence), entry.tone),
        gap,
        prose(entry.for_you),
        gap,
        heading("What helps"),
        prose(entry.first),
        gap,
        heading("Why"),
        prose(entry.why),
        gap,
        pairs(
            [
                ("Weight", say(entry.weight)),
                ("How sure", say(entry.confidence)),
                ("Who can act", say(entry.actor)),
            ]
        ),
    ]


def _outlook(entry: OutlookWords) -> list[Block]:
    return [
        title(f"{entry.result}: {plain(entry.label)}", entry.tone),
        gap,
        prose(entry.sentence),
        gap,
        heading("Why"),
        prose(entry.why),
    ]


def _about(entry: About) -> list[Block]:
    blocks: list[Block] = []
    for notice in entry.notices:
        blocks += [prose(notice), gap]
    if entry.ignored:
        blocks += [heading("Did not count"), *(data(line) for line in entry.ignored), gap]
    if entry.map:
        blocks += [heading("Relay map"), *(data(line) for line in entry.map), gap]
    return [*blocks, pairs([("Measured at", say(entry.taken_at or "not yet"))])]
