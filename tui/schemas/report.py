"""The schema of `check --json`."""

from __future__ import annotations

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
)
from probes.diagnosis.model import Mapping as NatMapping
from probes.diagnosis.pair import Relay
from probes.diagnosis.peer_hints import HintId
from probes.diagnosis.remedies import RemedyId, Risk
from probes.diagnosis.what_if import Whose
from probes.diagnosis.witnesses import Likely, Topic, Witness
from probes.model import CheckId, CheckStatus
from probes.readings import KEYS
from probes.readings.classic import ClassicType
from probes.readings.codec import Json
from probes.readings.local import GATEWAY, INTERFACE
from probes.readings.tailscale import Backend, PeerPath
from tui.json_view import SCHEMA
from tui.schemas.netcheck import netcheck
from tui.schemas.parts import CAUSE, FIX, FLIP, PROGRAM, READING_IDS
from tui.schemas.shapes import (
    BOOL,
    DIALECT,
    INT,
    NUMBER,
    STRING,
    described,
    many,
    one_of,
    or_null,
    record,
)


def report_schema() -> Json:
    """The schema of `check --json`."""
    fields: dict[str, Json] = {
        "schema": {"const": SCHEMA},
        "program": PROGRAM,
        "taken_at": described(STRING, "RFC 3339, UTC: when the run began"),
        "elapsed_ms": NUMBER,
        "network": record(
            {
                "id": or_null(STRING, "salted hash of what identifies the network"),
                "changed": described(BOOL, "the network changed while it was measured"),
                "measured": described(STRING, "real, simulated:NAME or elsewhere"),
            }
        ),
        "verdict": one_of(
            Verdict,
            "what to expect with the chosen peer; without one, with a peer behind an ordinary, "
            "easy NAT",
        ),
        "headline": described(STRING, "the verdict in one sentence"),
        "readings": record(
            {key.id: key.schema() for key in KEYS.values()},
            "what was measured; all else is a view of it",
        ),
        "checks": described(
            {"type": "object", "propertyNames": one_of(CheckId), "additionalProperties": _CHECK},
            "the checks of this run, and how each ended",
        ),
        "complete": described(BOOL, "the run came to its own end"),
        "measured_elsewhere": described(
            BOOL, "the report was read from a file or another program's output"
        ),
        "netcheck": netcheck(),
        "nat": described(_NAT, "the NAT over IPv4"),
        "nat6": described(_NAT, "the NAT over IPv6"),
        "port_mapping": record(dict.fromkeys(("upnp", "nat_pmp", "pcp"), _SERVICE)),
        "forward": record(
            {"port": or_null(INT), "open": or_null(BOOL), "how": or_null(STRING)},
            "a static forward of the VPN's port, tested from outside",
        ),
        "local": _LOCAL,
        "tailscale": or_null(_tailscale(), "null where it is not here, or was not asked"),
        "causes": many(CAUSE, "what stands in the way, first things first"),
        "outlook": record(
            dict.fromkeys(("none", "easy", "hard"), _OUTLOOK),
            "what to expect over IPv4 with a peer without NAT, with an easy one, with a hard one",
        ),
        "peer": or_null(
            _PEER, "the pair with the chosen peer (--peer); null where none was chosen"
        ),
        "remedies": many(_REMEDY, "single changes that make the difference, cheap and safe first"),
        "disagreements": many(
            _DISAGREEMENT,
            "where this program's probes, Tailscale and pystun3 contradict each other",
        ),
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-1",
        "title": "whyrelay check --json",
        **record(fields),
    }


_CHECK = record(
    {
        "status": one_of(CheckStatus),
        "done": INT,
        "total": INT,
        "doing": described(STRING, "id of the last step"),
        "detail": STRING,
        "budget_ms": NUMBER,
        "started_ms": or_null(NUMBER),
        "finished_ms": or_null(NUMBER),
        "error": described(STRING, "why, where the status is failed"),
    }
)

_NAT = record(
    {
        "class": one_of(NatClass),
        "mapping": one_of(NatMapping),
        "filtering": one_of(Filtering),
        "port_preserved": or_null(BOOL),
        "classic": described(
            {"enum": [*map(str, ClassicType), "unknown"]},
            "the name that RFC 3489 would have given it",
        ),
        "layers": or_null(
            many(
                record(
                    {
                        "hop": described(INT, "how many boxes away; 0 is this device"),
                        "address": STRING,
                        "kind": one_of(LayerKind),
                        "how": described({"enum": list(KEYS)}, "the reading that shows it"),
                    }
                )
            ),
            "the boxes on the way that are known, from the inside out; IPv4 alone",
        ),
    }
)

_SERVICE = record(
    {
        "present": or_null(BOOL),
        "external_ip": or_null(STRING),
        "error": or_null(record({"code": INT, "name": STRING, "meaning": STRING})),
        "mapping": record(
            {
                "tested": BOOL,
                "granted": or_null(BOOL),
                "address_matches": or_null(BOOL),
                "seen_from_outside": or_null(BOOL),
                "ok": or_null(BOOL),
                "external_port": or_null(INT),
                "lease_s": or_null(INT),
                "removed": or_null(BOOL),
            }
        ),
    }
)

_LOCAL = record(
    {
        "interfaces": or_null(many(INTERFACE.schema)),
        "gateways": or_null(
            many(record({"family": {"enum": [4, 6]}, **GATEWAY.schema["properties"]})),
            "the routers of the default routes",
        ),
        "tunnels": or_null(many(STRING), "the tunnels that are up, Tailscale's own among them"),
        "bound_to": or_null(STRING, "the interface that probes leave by"),
        "firewall": record(
            {
                "name": or_null(STRING),
                "inbound_udp": {"enum": ["allowed", "blocked", "unknown"]},
                "outbound_udp": {"enum": ["allowed", "blocked", "unknown"]},
                "how": or_null(STRING),
            }
        ),
    }
)

_PATH = one_of(PeerPath, "how packets to it travelled when Tailscale was asked")


def _tailscale() -> Json:
    peer = record({"name": STRING, "path": _PATH, "via": or_null(STRING)})
    return record(
        {
            "version": or_null(STRING),
            "state": one_of(Backend),
            "port": or_null(INT, "the UDP port that it listens on"),
            "self_endpoints": or_null(many(STRING), "the endpoints that it tells its peers"),
            "peers": or_null(many(peer)),
            "netcheck": or_null(netcheck()),
        }
    )


_REMEDY = record(
    {
        "id": one_of(RemedyId),
        "for": many(one_of(CauseId), "the causes of this report that it goes to the root of"),
        "side": one_of(Whose, "on which side it is made"),
        "acts": one_of(Actor, "who has to act on that side"),
        "flips": record(
            dict.fromkeys(("none", "easy", "hard"), BOOL), "makes it direct with such a peer"
        ),
        "risk": one_of(Risk),
        "retest": many(one_of(CheckId), "the checks that show whether it worked"),
    }
)

_PEER = record(
    {
        "name": STRING,
        "path": _PATH,
        "via": or_null(STRING, "the peer's endpoint, a peer relay's, or the code of the relay"),
        "nat": one_of(NatClass, "the peer's NAT, as far as hints go"),
        "hints": many(
            record({"id": one_of(HintId), "because": {"enum": list(KEYS)}}),
            "what is known of the other side",
        ),
        "result": one_of(Result),
        "mechanism": one_of(Mechanism),
        "family": or_null({"enum": [4, 6]}, "the IP version that decides"),
        "relay": or_null(one_of(Relay), "what carries it meanwhile"),
        "because": READING_IDS,
        "missing": READING_IDS,
        "confidence": one_of(Confidence),
        "flip": FLIP,
        "remedies": many(FIX, "single changes, cheap and safe first; this side is a"),
    }
)

_DISAGREEMENT = record(
    {
        "what": one_of(Topic),
        "witnesses": many(
            record(
                {
                    "witness": one_of(Witness),
                    "says": described(STRING, "yes, no, an address, or a value of the topic"),
                    "reading": {"enum": list(KEYS)},
                }
            )
        ),
        "likely_because": one_of(Likely),
        "because": READING_IDS,
    }
)

_OUTLOOK = record(
    {
        "result": one_of(Result),
        "mechanism": one_of(Mechanism),
        "because": READING_IDS,
        "flip": FLIP,
    }
)
