"""Before and after, field by field, in plain words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from probes.diagnosis.model import Diagnosis, Nat, NatClass
from probes.model import CheckId, Family
from probes.readings.tailscale import Peer
from probes.values import dataclass
from tui import content
from tui.content import FieldId, Tone, plain
from tui.explain import Explained, explain_fields, explain_outlooks
from tui.explain.facts import no_way_out
from tui.explain.headline import has_a_catch, in_a_word, loses_large
from tui.explain.live import check_line
from tui.explain.mechanism import mechanism_in_short
from tui.explain.tones import RESULT_TONES, VERDICT_TONES
from tui.explain.verdict import nat_value
from tui.pair_view import Pair
from tui.peers import path_words, tone_of
from tui.proving.reached import KINDS, Turned

if TYPE_CHECKING:
    from tui.proving.compare import Side

_FIGURE = re.compile(r"\d+(\.\d+)? (ms|s)\b")
SERVICES = (CheckId.UPNP, CheckId.NAT_PMP, CheckId.PCP)


@dataclass(frozen=True, slots=True)
class Value:
    """What a field shows."""

    text: str
    tone: Tone = Tone.WAITING
    same: str = ""
    """What has to differ for another value, where that is less than the text."""
    short: str = ""
    """The text in fewer words, where a list has no room for it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field, before and after, in plain words."""

    id: str
    name: str
    before: Value
    after: Value

    @property
    def changed(self) -> bool:
        """Another value than before. A figure that every run measures anew is none."""
        one, two = (each.same or _FIGURE.sub("", each.text) for each in (self.before, self.after))
        return one != two

    @property
    def now(self) -> Value:
        """What it is now: what only came to be known is nothing that became worse."""
        if self.before.tone is Tone.UNKNOWN and self.after.tone is Tone.BAD:
            return Value(self.after.text, Tone.NOTE, self.after.same)
        return self.after


# --- the fields -----------------------------------------------------------------------------------


def compared_lines(before: Side, after: Side, turned: Iterable[Turned]) -> Iterable[Line]:
    """The verdict first, the devices whose paths are others now, then every field."""
    one, two = before.diagnosis, after.diagnosis
    yield Line("verdict", "Verdict", _verdict(one), _verdict(two))
    for each in turned:
        old, new = (_path(peer) for peer in (each.before, each.after))
        yield Line(f"device-{each.after.key}", each.after.name, old, new)
    if before.pair is not None and after.pair is not None:
        yield Line("pair", "With the other side", _pair(before.pair), _pair(after.pair))
    yield from _outlook_lines(before, after)
    fields = zip(explain_fields(before.report), explain_fields(after.report), strict=True)
    for was, now in fields:
        yield Line(f"field-{was.id}", was.title, _field(was), _field(now))
    for family in Family:
        yield from _nat_lines(before, after, family)
    for service in SERVICES:
        lines = [check_line(each.report, service) for each in (before, after)]
        shown = (Value(line.text, line.tone) for line in lines)
        yield Line(f"service-{service}", lines[0].title, *shown)


def _outlook_lines(before: Side, after: Side) -> Iterable[Line]:
    """As Understand tells peers apart. Where it does so otherwise now than before, by their NAT."""
    old, new = (explain_outlooks(side.diagnosis, side.report) for side in (before, after))
    if old.keys() == new.keys():
        for kind, was in old.items():
            now = new[kind]
            both = Value(was.result, was.tone), Value(now.result, now.tone)
            yield Line(f"outlook-{kind}", f"Peer: {now.peer}", *both)
        return
    for each in KINDS:
        values = (_outlook(side.diagnosis, each) for side in (before, after))
        yield Line(f"outlook-{each}", f"Peer: {content.label(each)}", *values)


def _nat_lines(before: Side, after: Side, family: Family) -> Iterable[Line]:
    """One family's NAT. Without such an address, before and after, nothing is compared."""
    if all(no_way_out(side.report, family) for side in (before, after)):
        return
    name, both = f"IPv{family.value}", (_nat(before, family), _nat(after, family))
    said = [
        nat_value(nat, side.report, family) for nat, side in zip(both, (before, after), strict=True)
    ]
    classes = (Value(text, tone, short=_short(text)) for text, tone in said)
    yield Line(f"nat{family.value}", f"{name} NAT", *classes)
    mappings = (Value(content.label(nat.mapping)) for nat in both)
    yield Line(f"mapping{family.value}", f"{name} mapping", *mappings)
    filters = (Value(plain(content.filtering(nat.filtering))) for nat in both)
    yield Line(f"filtering{family.value}", f"{name} filtering", *filters)


def _short(text: str) -> str:
    """In a narrow list an open port is what counts of a NAT."""
    opened = text in (content.within("opened"), content.within("easy opened"))
    return content.within("opened short") if opened else ""


def _nat(side: Side, family: Family) -> Nat:
    return side.diagnosis.nat4 if family is Family.V4 else side.diagnosis.nat6


def _verdict(diagnosis: Diagnosis) -> Value:
    """As the band at the top has it: direct is not all well where it has a catch."""
    name = in_a_word(diagnosis)
    if not has_a_catch(diagnosis):
        return Value(name, VERDICT_TONES[diagnosis.verdict])
    lost = f", {plain(content.proof('large lost'))}" if loses_large(diagnosis) else ""
    return Value(f"{name}{lost}", Tone.NOTE)


def _path(peer: Peer) -> Value:
    """Where to is no change of its own."""
    return Value(path_words(peer).partition("  ")[0], tone_of(peer))


def _pair(pair: Pair) -> Value:
    found = pair.prediction
    how = mechanism_in_short(found.mechanism, *(side.nat4.nat_class for side in pair.sides))
    return Value(how, RESULT_TONES[found.result])


def _outlook(diagnosis: Diagnosis, kind: NatClass) -> Value:
    result = getattr(diagnosis.outlook, kind).result
    return Value(content.label(result), RESULT_TONES[result])


def _field(explained: Explained) -> Value:
    # How far the nearest relay is differs from run to run; which one it is tells something.
    same = plain(explained.value) if explained.id == FieldId.NEAREST_DERP else ""
    return Value(plain(explained.label or explained.value), explained.tone, same)
