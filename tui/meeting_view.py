"""What came of a meeting, as text and as one JSON object of schema ``whyrelay-meet/1``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from probes.model import Endpoint
from probes.punch.meeting import Meeting, Path
from probes.punch.offer import Candidate, CandidateKind, Offer
from probes.punch.session import Encounter
from probes.readings.codec import Json
from probes.version import __version__
from tui import content
from tui.exits import Exit
from tui.wrapping import filled

SCHEMA = "whyrelay-meet/1"


def exit_of(found: Encounter) -> Exit:
    """What it means to a script."""
    if found.meeting is None:
        return Exit.UNKNOWN
    return Exit.DIRECT if found.meeting.direct else Exit.RELAYED


def headline(found: Encounter) -> str:
    """The result in one sentence."""
    meeting = found.meeting
    if meeting is None:
        return _say("alone", seconds=f"{found.waited_s:.0f}")
    if meeting.direct:
        return _say("direct", endpoint=meeting.endpoint)
    return _say("one-way" if meeting.heard else "relayed", seconds=f"{meeting.tried_s:.0f}")


def _say(which: str, **values: object) -> str:
    return content.plain(content.fill(content.meeting(which), **values))


def _kind(endpoint: Endpoint, peer: Offer | None) -> CandidateKind | None:
    """How the peer announced it; None: it did not."""
    told = () if peer is None else peer.candidates
    return next((each.kind for each in told if each.endpoint == endpoint), None)


# --- JSON -----------------------------------------------------------------------------------------


def meeting_to_json(found: Encounter, *, asked_router: bool) -> dict[str, Json]:
    """The whole object. `asked_router`: with --map-test."""
    meeting = found.meeting
    paths = () if meeting is None else meeting.paths
    best = paths[0] if paths else None
    opening = found.opening
    return {
        "schema": SCHEMA,
        "program": {"name": "whyrelay", "version": __version__},
        "result": _result(meeting),
        "headline": headline(found),
        "family": None if best is None else best.endpoint.family.value,
        "endpoint": None if best is None else str(best.endpoint),
        "kind": None if best is None else _text(_kind(best.endpoint, found.peer)),
        "seen_as": None if best is None else _text(best.seen_as),
        "rtt_ms": None if best is None else round(best.rtt_ms, 3),
        "after_ms": None if meeting is None else _ms(meeting.after_s),
        "tried_ms": None if meeting is None else _ms(meeting.tried_s),
        "waited_ms": _ms(found.waited_s),
        "one_way": meeting is not None and bool(meeting.heard) and not meeting.direct,
        "paths": [_path(each, found.peer) for each in paths],
        "heard": [] if meeting is None else [str(each) for each in meeting.heard],
        "port": found.port,
        "own": _told(found.own.candidates),
        "peer": None if found.peer is None else _told(found.peer.candidates),
        "port_mapping": {
            "asked": asked_router,
            "protocol": None if opening is None else str(opening.protocol),
            "endpoint": None if opening is None else str(opening.endpoint),
        },
    }


def _result(meeting: Meeting | None) -> str:
    if meeting is None:
        return "unknown"
    return "direct" if meeting.direct else "relayed"


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000.0, 3)


def _path(path: Path, peer: Offer | None) -> Json:
    return {
        "endpoint": str(path.endpoint),
        "kind": _text(_kind(path.endpoint, peer)),
        "seen_as": _text(path.seen_as),
        "rtt_ms": round(path.rtt_ms, 3),
    }


def _told(candidates: Iterable[Candidate]) -> Json:
    return [{"kind": str(each.kind), "endpoint": str(each.endpoint)} for each in candidates]


# --- text -----------------------------------------------------------------------------------------


def meeting_to_text(found: Encounter, *, asked_router: bool) -> str:
    """Line by line."""
    lines = (headline(found), *_more(found, asked_router=asked_router))
    return "".join(filled(line) + "\n" for line in lines)


def _more(found: Encounter, *, asked_router: bool) -> Iterator[str]:
    meeting = found.meeting
    if meeting is not None and meeting.direct:
        yield from _paths(meeting, found.peer)
    if meeting is not None and meeting.heard and not meeting.direct:
        yield _say("heard", endpoints=_list(meeting.heard))
    yield _say("port", port=found.port)
    yield _say("own", endpoints=_list(each.endpoint for each in found.own.candidates))
    if found.peer is not None:
        yield _say("peer", endpoints=_list(each.endpoint for each in found.peer.candidates))
    if found.opening is not None:
        where, protocol = found.opening.endpoint, found.opening.protocol
        yield _say("opening", endpoint=where, protocol=protocol)
    elif asked_router:
        yield _say("no-opening")
    if meeting is None:
        yield _say("next-alone")
    else:
        yield _say("next-direct" if meeting.direct else "next-relayed")


def _paths(meeting: Meeting, peer: Offer | None) -> Iterator[str]:
    best, *others = meeting.paths
    kind = _kind(best.endpoint, peer)
    if kind is None:
        yield _say("how-observed")
    else:
        yield _say("how-told", kind=content.label(kind))
    if best.seen_as is not None:
        yield _say("seen-as", endpoint=best.seen_as)
    after = f"{meeting.after_s or 0.0:.1f}"
    yield _say("round-trip", rtt=f"{best.rtt_ms:.1f}", after=after)
    for path in others:
        yield _say("other-path", endpoint=path.endpoint, rtt=f"{path.rtt_ms:.1f}")


def _list(endpoints: Iterable[Endpoint]) -> str:
    return ", ".join(map(str, endpoints)) or "nothing"
