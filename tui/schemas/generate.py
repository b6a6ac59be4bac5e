"""Makes the published schemas: ``python -m tui.schemas.generate`` rewrites the files.

The readings come from their codecs and the words from their enums, so a schema cannot fall behind
the program; a test compares the committed files with what is made here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from probes.diagnosis.layers import LayerKind
from probes.diagnosis.model import (
    Actor,
    CauseId,
    Confidence,
    Filtering,
    Mechanism,
    NatClass,
    Result,
    Verdict,
    Weight,
)
from probes.diagnosis.model import Mapping as NatMapping
from probes.diagnosis.openings import Held
from probes.diagnosis.pair import Relay
from probes.diagnosis.peer import HintId
from probes.diagnosis.remedies import RemedyId, Risk
from probes.diagnosis.what_if import Whose
from probes.diagnosis.witnesses import Likely, Topic, Witness
from probes.model import CheckId, CheckStatus
from probes.punch.offer import CandidateKind
from probes.readings import KEYS
from probes.readings.classic import ClassicType
from probes.readings.codec import Json
from probes.readings.firewall import Fate
from probes.readings.local import GATEWAY, INTERFACE
from probes.readings.port_mapping import MappingProtocol
from probes.readings.tailscale import Backend, PeerPath
from probes.recording import SCHEMA as EVENTS_SCHEMA
from tui.json_view import SCHEMA
from tui.meeting_view import SCHEMA as MEET_SCHEMA
from tui.pair_view import SCHEMA as PAIR_SCHEMA
from tui.schemas import FILES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_STRING: Json = {"type": "string"}
_BOOL: Json = {"type": "boolean"}
_NUMBER: Json = {"type": "number"}
_INT: Json = {"type": "integer"}


def _object(fields: Mapping[str, Json], doc: str = "") -> Json:
    """Every field required, none besides."""
    found = {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }
    return {"description": doc, **found} if doc else found


def _or_null(schema: Json, doc: str = "") -> Json:
    kind = schema.get("type")
    found = (
        {**schema, "type": [kind, "null"]}
        if isinstance(kind, str) and "enum" not in schema
        else {"anyOf": [schema, {"type": "null"}]}
    )
    return {"description": doc, **found} if doc else found


def _list(items: Json, doc: str = "") -> Json:
    found = {"type": "array", "items": items}
    return {"description": doc, **found} if doc else found


def _table(values: Json, keys: str = "") -> Json:
    found = {"type": "object", "additionalProperties": values}
    return {**found, "propertyNames": {"pattern": keys}} if keys else found


def _one_of(kind: type[Enum], doc: str = "") -> Json:
    found = {"enum": [str(member.value) for member in kind]}
    return {"description": doc, **found} if doc else found


def _described(schema: Json, doc: str) -> Json:
    return {"description": doc, **schema}


def report_schema() -> Json:
    """The schema of `check --json`."""
    fields: dict[str, Json] = {
        "schema": {"const": SCHEMA},
        "program": _PROGRAM,
        "taken_at": _described(_STRING, "RFC 3339, UTC: when the run began"),
        "elapsed_ms": _NUMBER,
        "network": _object(
            {
                "id": _or_null(_STRING, "salted hash of what identifies the network"),
                "changed": _described(_BOOL, "the network changed while it was measured"),
                "measured": _described(_STRING, "real, simulated:NAME or elsewhere"),
            }
        ),
        "verdict": _one_of(
            Verdict,
            "what to expect with the chosen peer; without one, with a peer behind an ordinary, "
            "easy NAT",
        ),
        "headline": _described(_STRING, "the verdict in one sentence"),
        "readings": _object(
            {key.id: key.schema() for key in KEYS.values()},
            "what was measured; all else is a view of it",
        ),
        "checks": _described(
            {"type": "object", "propertyNames": _one_of(CheckId), "additionalProperties": _CHECK},
            "the checks of this run, and how each ended",
        ),
        "complete": _described(_BOOL, "the run came to its own end"),
        "measured_elsewhere": _described(
            _BOOL, "the report was read from a file or another program's output"
        ),
        "netcheck": _netcheck(),
        "nat": _described(_NAT, "the NAT over IPv4"),
        "nat6": _described(_NAT, "the NAT over IPv6"),
        "port_mapping": _object(dict.fromkeys(("upnp", "nat_pmp", "pcp"), _SERVICE)),
        "forward": _object(
            {"port": _or_null(_INT), "open": _or_null(_BOOL), "how": _or_null(_STRING)},
            "a static forward of the VPN's port, tested from outside",
        ),
        "local": _LOCAL,
        "tailscale": _or_null(_tailscale(), "null where it is not here, or was not asked"),
        "causes": _list(_CAUSE, "what stands in the way, first things first"),
        "outlook": _object(
            dict.fromkeys(("none", "easy", "hard"), _OUTLOOK),
            "what to expect over IPv4 with a peer without NAT, with an easy one, with a hard one",
        ),
        "peer": _or_null(
            _PEER, "the pair with the chosen peer (--peer); null where none was chosen"
        ),
        "remedies": _list(_REMEDY, "single changes that make the difference, cheap and safe first"),
        "disagreements": _list(
            _DISAGREEMENT,
            "where this program's probes, Tailscale and pystun3 contradict each other",
        ),
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-1",
        "title": "whyrelay check --json",
        **_object(fields),
    }


_PROGRAM = _object({"name": {"const": "whyrelay"}, "version": _STRING})

_CHECK = _object(
    {
        "status": _one_of(CheckStatus),
        "done": _INT,
        "total": _INT,
        "doing": _described(_STRING, "id of the last step"),
        "detail": _STRING,
        "budget_ms": _NUMBER,
        "started_ms": _or_null(_NUMBER),
        "finished_ms": _or_null(_NUMBER),
        "error": _described(_STRING, "why, where the status is failed"),
    }
)

_NAT = _object(
    {
        "class": _one_of(NatClass),
        "mapping": _one_of(NatMapping),
        "filtering": _one_of(Filtering),
        "port_preserved": _or_null(_BOOL),
        "classic": _described(
            {"enum": [*map(str, ClassicType), "unknown"]},
            "the name that RFC 3489 would have given it",
        ),
        "layers": _or_null(
            _list(
                _object(
                    {
                        "hop": _described(_INT, "how many boxes away; 0 is this device"),
                        "address": _STRING,
                        "kind": _one_of(LayerKind),
                        "how": _described({"enum": list(KEYS)}, "the reading that shows it"),
                    }
                )
            ),
            "the boxes on the way that are known, from the inside out; IPv4 alone",
        ),
    }
)

_SERVICE = _object(
    {
        "present": _or_null(_BOOL),
        "external_ip": _or_null(_STRING),
        "error": _or_null(_object({"code": _INT, "name": _STRING, "meaning": _STRING})),
        "mapping": _object(
            {
                "tested": _BOOL,
                "granted": _or_null(_BOOL),
                "address_matches": _or_null(_BOOL),
                "seen_from_outside": _or_null(_BOOL),
                "ok": _or_null(_BOOL),
                "external_port": _or_null(_INT),
                "lease_s": _or_null(_INT),
                "removed": _or_null(_BOOL),
            }
        ),
    }
)

_LOCAL = _object(
    {
        "interfaces": _or_null(_list(INTERFACE.schema)),
        "gateways": _or_null(
            _list(_object({"family": {"enum": [4, 6]}, **GATEWAY.schema["properties"]})),
            "the routers of the default routes",
        ),
        "tunnels": _or_null(_list(_STRING), "the tunnels that are up, Tailscale's own among them"),
        "bound_to": _or_null(_STRING, "the interface that probes leave by"),
        "firewall": _object(
            {
                "name": _or_null(_STRING),
                "inbound_udp": {"enum": ["allowed", "blocked", "unknown"]},
                "outbound_udp": {"enum": ["allowed", "blocked", "unknown"]},
                "how": _or_null(_STRING),
            }
        ),
    }
)

_PATH = _one_of(PeerPath, "how packets to it travelled when Tailscale was asked")


def _tailscale() -> Json:
    peer = _object({"name": _STRING, "path": _PATH, "via": _or_null(_STRING)})
    return _object(
        {
            "version": _or_null(_STRING),
            "state": _one_of(Backend),
            "port": _or_null(_INT, "the UDP port that it listens on"),
            "self_endpoints": _or_null(_list(_STRING), "the endpoints that it tells its peers"),
            "peers": _or_null(_list(peer)),
            "netcheck": _or_null(_netcheck()),
        }
    )


_READING_IDS = _list({"enum": list(KEYS)}, "ids of readings")

_CAUSE = _object(
    {
        "id": _one_of(CauseId),
        "weight": _one_of(Weight),
        "confidence": _one_of(Confidence),
        "acts": _one_of(Actor, "who has to act"),
        "because": _READING_IDS,
        "missing": _READING_IDS,
    }
)

_FLIP = _or_null(
    _object({"remedy": _one_of(RemedyId), "side": _one_of(Whose)}),
    "the first single change that makes it direct",
)

_REMEDY = _object(
    {
        "id": _one_of(RemedyId),
        "for": _list(_one_of(CauseId), "the causes of this report that it goes to the root of"),
        "side": _one_of(Whose, "on which side it is made"),
        "acts": _one_of(Actor, "who has to act on that side"),
        "flips": _object(
            dict.fromkeys(("none", "easy", "hard"), _BOOL), "makes it direct with such a peer"
        ),
        "risk": _one_of(Risk),
        "retest": _list(_one_of(CheckId), "the checks that show whether it worked"),
    }
)

_FIX = _object(
    {
        "id": _one_of(RemedyId),
        "side": _one_of(Whose, "this is a, other is b"),
        "acts": _one_of(Actor, "who has to act on that side"),
        "result": _one_of(Result, "what the pair does then"),
        "risk": _one_of(Risk),
        "retest": _list(_one_of(CheckId), "the checks that show whether it worked"),
    }
)

_PEER = _object(
    {
        "name": _STRING,
        "path": _PATH,
        "via": _or_null(_STRING, "the peer's endpoint, a peer relay's, or the code of the relay"),
        "nat": _one_of(NatClass, "the peer's NAT, as far as hints go"),
        "hints": _list(
            _object({"id": _one_of(HintId), "because": {"enum": list(KEYS)}}),
            "what is known of the other side",
        ),
        "result": _one_of(Result),
        "mechanism": _one_of(Mechanism),
        "family": _or_null({"enum": [4, 6]}, "the IP version that decides"),
        "relay": _or_null(_one_of(Relay), "what carries it meanwhile"),
        "because": _READING_IDS,
        "missing": _READING_IDS,
        "confidence": _one_of(Confidence),
        "flip": _FLIP,
        "remedies": _list(_FIX, "single changes, cheap and safe first; this side is a"),
    }
)

_DISAGREEMENT = _object(
    {
        "what": _one_of(Topic),
        "witnesses": _list(
            _object(
                {
                    "witness": _one_of(Witness),
                    "says": _described(_STRING, "yes, no, an address, or a value of the topic"),
                    "reading": {"enum": list(KEYS)},
                }
            )
        ),
        "likely_because": _one_of(Likely),
        "because": _READING_IDS,
    }
)

_OUTLOOK = _object(
    {
        "result": _one_of(Result),
        "mechanism": _one_of(Mechanism),
        "because": _READING_IDS,
        "flip": _FLIP,
    }
)


def _netcheck() -> Json:
    """netcheck's Report; null where a thing was not measured."""
    yes_or_no, latency = _or_null(_BOOL), _or_null(_table(_INT, "^[0-9]+$"))
    counters, endpoint = _or_null(_table(_INT)), _or_null(_STRING)
    fields = {
        "Now": _or_null(_STRING),
        **dict.fromkeys(
            (
                "UDP",
                "IPv6",
                "IPv4",
                "IPv6CanSend",
                "IPv4CanSend",
                "OSHasIPv6",
                "ICMPv4",
                "MappingVariesByDestIP",
                "UPnP",
                "PMP",
                "PCP",
            ),
            yes_or_no,
        ),
        "PreferredDERP": _or_null(_INT, "0: none"),
        "RegionLatency": latency,
        "RegionV4Latency": latency,
        "RegionV6Latency": latency,
        "GlobalV4Counters": counters,
        "GlobalV6Counters": counters,
        "GlobalV4": endpoint,
        "GlobalV6": endpoint,
        "CaptivePortal": yes_or_no,
    }
    return _object(
        fields,
        "what `tailscale netcheck --format=json` would print from here: "
        'durations in nanoseconds, "" = none found, null = not measured',
    )


def events_schema() -> Json:
    """The schema of one line of a recording: the header, or an event."""
    check, checks = _one_of(CheckId), _list(_one_of(CheckId))
    kinds: dict[str, dict[str, Json]] = {
        "run-started": {
            "taken_at": _STRING,
            "checks": checks,
            "skipped": checks,
            "network": _STRING,
        },
        "check-started": {"check": check, "budget_ms": _NUMBER},
        "progressed": {
            "check": check,
            "done": _INT,
            "total": _INT,
            "doing": _STRING,
            "detail": _STRING,
        },
        "check-finished": {"check": check, "status": _one_of(CheckStatus), "error": _STRING},
        "network-changed": {"checks": checks},
        "run-finished": {"network_id": _STRING, "changed": _BOOL, "cancelled": _BOOL},
    }
    observed = {
        "anyOf": [
            _event("observed", {"check": check, "key": {"const": key.id}, "reading": key.schema()})
            for key in KEYS.values()
        ]
    }
    header = _object({"schema": {"const": EVENTS_SCHEMA}, "program": _PROGRAM})
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-events-1",
        "title": "one line of whyrelay --record",
        "description": "The first line is the header, each later one an event.",
        "anyOf": [header, *(_event(kind, more) for kind, more in kinds.items()), observed],
    }


def _event(kind: str, fields: dict[str, Any]) -> Json:
    at = _described(_NUMBER, "milliseconds after the run began")
    return _object({"event": {"const": kind}, "at": at, **fields})


def pair_schema() -> Json:
    """The schema of `pair --json`."""
    nat = _object(
        {
            "class": _one_of(NatClass),
            "mapping": _one_of(NatMapping),
            "filtering": _one_of(Filtering),
            "confidence": _one_of(Confidence),
            "because": _READING_IDS,
        }
    )
    side = _object(
        {
            "name": _described(_STRING, "the input's name"),
            "measured": _described(_STRING, "real, simulated:NAME or elsewhere"),
            "taken_at": _or_null(_STRING, "RFC 3339, UTC"),
            "nat": nat,
            "nat6": nat,
            "udp": _or_null(_BOOL, "whether UDP gets out and back"),
            "opening": _one_of(Held, "whether the router lets peers in to a port"),
            "host_firewall": _one_of(Fate, "what the device does with strangers' packets"),
            "public": _list(_STRING, "the addresses that the internet sees"),
            "missing": _list(_STRING, "readings that would settle more"),
        }
    )
    fields: dict[str, Json] = {
        "schema": {"const": PAIR_SCHEMA},
        "program": _PROGRAM,
        "a": _described(side, "what this side is known to be, and from what"),
        "b": side,
        "result": _one_of(Result),
        "mechanism": _one_of(Mechanism),
        "family": _or_null({"enum": [4, 6]}, "the IP version that decides"),
        "relay": _or_null(_one_of(Relay), "what carries it meanwhile"),
        "because": _object({"a": _list(_STRING), "b": _list(_STRING)}, "ids of readings"),
        "confidence": _one_of(Confidence),
        "headline": _described(_STRING, "the result in one sentence"),
        "causes": _list(_CAUSE, "what lies between the two, as side a sees it"),
        "flip": _FLIP,
        "remedies": _list(_FIX, "single changes, cheap and safe first"),
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-pair-1",
        "title": "whyrelay pair --json",
        **_object(fields),
    }


def meet_schema() -> Json:
    """The schema of `meet --json`."""
    kind = _one_of(CandidateKind, "where it is known from")
    told = _list(_object({"kind": kind, "endpoint": _STRING}))
    path = _object(
        {
            "endpoint": _described(_STRING, "the other end, as it was reached from here"),
            "kind": _or_null(kind, "null: not announced, but seen in its packets"),
            "seen_as": _or_null(_STRING, "this end, as the other one saw it on this path"),
            "rtt_ms": _described(_NUMBER, "the shortest round trip"),
        }
    )
    fields: dict[str, Json] = {
        "schema": {"const": MEET_SCHEMA},
        "program": _PROGRAM,
        "result": _described(
            {"enum": ["direct", "relayed", "unknown"]},
            "direct: UDP went both ways; relayed: it did not; unknown: the other end did not come",
        ),
        "headline": _described(_STRING, "the result in one sentence"),
        "family": _or_null({"enum": [4, 6]}, "the IP version of the quickest path"),
        "endpoint": _or_null(_STRING, "the other end, on the quickest path"),
        "kind": _or_null(kind, "of that endpoint; null: not announced, or not direct"),
        "seen_as": _or_null(_STRING, "this end, on the quickest path"),
        "rtt_ms": _or_null(_NUMBER, "the shortest round trip on it"),
        "after_ms": _or_null(_NUMBER, "from the first packet to the first answer"),
        "tried_ms": _or_null(_NUMBER, "how long it was tried; null: the other end did not come"),
        "waited_ms": _described(_NUMBER, "how long the other end was waited for"),
        "one_way": _described(_BOOL, "its packets arrived, but none of ours was answered"),
        "paths": _list(path, "every way on which an answer came, the quickest first"),
        "heard": _list(_STRING, "where the other end's packets came from"),
        "port": _described(_INT, "the UDP port that was sent from"),
        "own": _described(told, "what this end announced"),
        "peer": _or_null(told, "what the other end announced"),
        "port_mapping": _object(
            {
                "asked": _described(_BOOL, "with --map-test"),
                "protocol": _or_null(_one_of(MappingProtocol)),
                "endpoint": _or_null(_STRING, "null: the router opened none"),
            },
            "a port that the router opened for the meeting, and closed again",
        ),
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-meet-1",
        "title": "whyrelay meet --json",
        **_object(fields),
    }


MAKERS = {
    "whyrelay/1": report_schema,
    "whyrelay-pair/1": pair_schema,
    "whyrelay-meet/1": meet_schema,
    "whyrelay-events/1": events_schema,
}


def made(name: str) -> str:
    """The text of a schema file as it should be."""
    return json.dumps(MAKERS[name](), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Rewrite the files."""
    for name, file in FILES.items():
        Path(__file__).with_name(file).write_text(made(name), encoding="utf-8")


if __name__ == "__main__":
    main()
