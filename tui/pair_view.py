"""What is predicted for two sides, as text that is read from top to bottom and as one JSON object
of schema ``whyrelay-pair/1``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from probes.diagnosis.both import judged
from probes.diagnosis.causes_pair import causes_between
from probes.diagnosis.model import Cause, Diagnosis, Nat, Result
from probes.diagnosis.openings import Held
from probes.diagnosis.pair import Prediction, Relay, predict
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.sides import Side, side_of
from probes.diagnosis.what_if import Fix, Whose, fixes
from probes.model import Family
from probes.readings import KEYS
from probes.readings.codec import Json
from probes.report import Report
from probes.values import dataclass
from probes.version import __version__
from tui import content
from tui.content import Advice
from tui.exits import Exit
from tui.explain.mechanism import explain_mechanism, mechanism_in_short
from tui.explain.path import own_nat
from tui.explain.words import asked_of
from tui.glyphs import printable
from tui.json_peer import cause_to_json, fix_to_json, flip_to_json
from tui.wrapping import filled

SCHEMA = "whyrelay-pair/1"


@dataclass(frozen=True, slots=True)
class Given:
    """One side as it was named on the command line."""

    name: str
    """A file's name, "standard input" or "this network"."""
    report: Report


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides, what they will do, and what would change it."""

    a: Given
    b: Given
    sides: tuple[Side, Side]
    prediction: Prediction
    fixes: tuple[Fix, ...]
    causes: tuple[Cause, ...] = ()
    """What lies between the two, as side A sees it."""


def pair_of(a: Given, b: Given) -> Pair:
    """Conclude."""
    sides = (side_of(a.report), side_of(b.report))
    found = predict(*sides)
    return Pair(a, b, sides, found, fixes(*sides), causes_between(*sides, found))


def judged_by(alone: Diagnosis, pair: Pair) -> Diagnosis:
    """What follows for side A, with what is known of side B."""
    return judged(alone, pair.sides, pair.prediction)


def exit_of(result: Result) -> Exit:
    """What the result means to a script."""
    match result:
        case Result.DIRECT:
            return Exit.DIRECT
        case Result.POSSIBLE | Result.RELAYED:
            return Exit.RELAYED
        case Result.UNKNOWN:
            return Exit.UNKNOWN
        case _:
            assert_never(result)


# --- JSON -----------------------------------------------------------------------------------------


def pair_to_json(pair: Pair) -> dict[str, Json]:
    """The whole object."""
    found = pair.prediction
    first = next((fix for fix in pair.fixes if fix.flips), None)
    return {
        "schema": SCHEMA,
        "program": {"name": "whyrelay", "version": __version__},
        "a": _side_to_json(pair.a, pair.sides[0]),
        "b": _side_to_json(pair.b, pair.sides[1]),
        "result": str(found.result),
        "mechanism": str(found.mechanism),
        "family": None if found.family is None else found.family.value,
        "relay": None if found.relay is None else str(found.relay),
        "because": {"a": list(found.ours), "b": list(found.theirs)},
        "confidence": str(found.confidence),
        "headline": headline(pair),
        "causes": [cause_to_json(each) for each in pair.causes],
        "flip": flip_to_json(first),
        "remedies": [fix_to_json(fix) for fix in pair.fixes],
    }


def _side_to_json(given: Given, side: Side) -> Json:
    return {
        "name": given.name,
        "measured": given.report.network,
        "taken_at": given.report.taken_at or None,
        "nat": _nat_to_json(side.nat4),
        "nat6": _nat_to_json(side.nat6),
        "udp": True if side.udp_seen else _udp(side),
        "opening": str(side.four.opening),
        "host_firewall": str(side.four.host),
        "public": sorted(str(address) for address in side.place.public),
        "missing": list(dict.fromkeys((*side.four.missing, *side.six.missing))),
    }


def _udp(side: Side) -> bool | None:
    legs = (*side.four.legs, *side.six.legs)
    return False if not any(leg.udp for leg in legs) else None


def _nat_to_json(nat: Nat) -> Json:
    return {
        "class": str(nat.nat_class),
        "mapping": str(nat.mapping),
        "filtering": str(nat.filtering),
        "confidence": str(nat.confidence),
        "because": list(nat.because),
    }


# --- text -----------------------------------------------------------------------------------------

_SIDES = {Whose.THIS: "A", Whose.OTHER: "B"}


def headline(pair: Pair) -> str:
    """The result in one sentence."""
    found = pair.prediction
    how = mechanism_in_short(found.mechanism, *(side.nat4.nat_class for side in pair.sides))
    over = (
        f" over IPv{found.family.value}" if found.result is Result.DIRECT and found.family else ""
    )
    return f"{content.label(found.result).capitalize()}{over}: {how}."


def how_of(pair: Pair) -> Advice:
    """How it comes about or fails, in words to side A."""
    ours, theirs = (side.nat4.nat_class for side in pair.sides)
    return explain_mechanism(pair.prediction.mechanism, ours, theirs)


def pair_to_text(pair: Pair, *, masked: bool = False) -> str:
    """In numbered sections. `masked`: the addresses and names are masks."""
    sections = (
        ("Verdict", _verdict(pair)),
        ("The two sides", _sides(pair)),
        ("What would make it direct", _changes(pair)),
    )
    lines = [f"whyrelay {__version__}", *((content.notice("masked"),) if masked else ())]
    for count, (title, body) in enumerate(sections, 1):
        lines += ["", f"{count}. {title}", "", *body]
    return "".join(_wrapped(lines))


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = printable(" ".join(content.plain(line).split()))
        yield (filled(text) if text else "") + "\n"


_RELAYS = {
    Relay.PEER_RELAY: "Meanwhile: a peer relay of the tailnet carries it.",
    Relay.DERP: "Meanwhile: a relay (DERP) carries it.",
}


def _verdict(pair: Pair) -> Iterator[str]:
    found = pair.prediction
    words = how_of(pair)
    yield headline(pair)
    yield 'Below, "you" is side A, and "the peer" is side B.'
    yield f"How: {words.sentence}"
    yield f"Why: {words.why}"
    for cause in pair.causes:
        yield f"Cause: {content.cause(cause.id).title}."
    if found.result in (Result.DIRECT, Result.RELAYED):
        yield f"How sure: {content.label(found.confidence)}."
    if found.relay is not None:
        yield _RELAYS[found.relay]


def _sides(pair: Pair) -> Iterator[str]:
    because = (pair.prediction.ours, pair.prediction.theirs)
    given = zip("AB", (pair.a, pair.b), pair.sides, because, strict=True)
    for letter, each, side, carried in given:
        yield f"Side {letter}: {each.name}."
        yield from _known(side)
        for key in carried:
            reading = each.report.readings.get(key)
            source = getattr(reading, "source", "")
            yield f"Rests on: {key}: {source}." if source else f"Rests on: {key}."
        if pair.prediction.result is not Result.DIRECT:
            for key in dict.fromkeys((*side.four.missing, *side.six.missing)):
                yield f"Not known, and would settle more: {asked_of(KEYS[key])} ({key})."
        if letter == "A":
            yield ""


_OPENINGS = {
    Held.YES: "The router lets peers in to a port of this device.",
    Held.MAYBE: "The router offers to open ports. Whether that works was not tried.",
    Held.DOUBT: "Whether the router opens a port is not known.",
    Held.NO: "The router opens no port.",
}


def _known(side: Side) -> Iterator[str]:
    for family, nat in ((Family.V4, side.nat4), (Family.V6, side.nat6)):
        reach = side.reach(family)
        if not any(leg.udp for leg in reach.legs):
            yield f"Over IPv{family.value}: no answer, or no address."
            continue
        filtering = content.label(nat.filtering)
        yield f"Over IPv{family.value}: {own_nat(nat)}; what it lets in: {filtering}."
        if family is Family.V4 and side.four.settled:
            yield _OPENINGS[side.four.opening]
    addresses = sorted(str(address) for address in side.place.public)
    if addresses:
        yield f"Seen as: {', '.join(addresses)}."


def _changes(pair: Pair) -> Iterator[str]:
    result = pair.prediction.result
    if result is Result.DIRECT:
        yield "Nothing: it is expected to be direct as it stands."
        return
    if result is Result.UNKNOWN:
        yield "Too little is known to say. Run whyrelay on the side that is unknown."
        return
    flipping = [fix for fix in pair.fixes if fix.flips]
    if not flipping:
        yield "No single change is known to make it direct."
    for count, fix in enumerate(flipping, 1):
        yield (
            f"Change {count}: on side {_SIDES[fix.side]}: {content.label(fix.remedy.id)}. "
            f"Who acts: {content.label(fix.remedy.acts)}. "
            f"Mind: {content.label(fix.remedy.risk)}."
        )
    if any(fix.remedy.id is RemedyId.PEER_RELAY for fix in pair.fixes):
        relay = content.label(RemedyId.PEER_RELAY)
        yield f"Without any of these: {relay}. It is not direct, but near."
