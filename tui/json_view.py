"""A report as one JSON object of schema ``whyrelay/1``, and back again.

`readings` is the report; all else is a view of it. What is not measured is null or "unknown".
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from probes.diagnosis.facts import Facts
from probes.diagnosis.layers import Layer, layers_of
from probes.diagnosis.model import Diagnosis, Nat, NatClass, Outlook
from probes.diagnosis.what_if import Advised, Fix, advice, flips_of
from probes.model import CheckId, CheckStatus
from probes.readings import KEYS, classic, local, port_mapping, tailscale
from probes.readings.codec import Json
from probes.readings.local import GATEWAY, INTERFACE, InterfaceKind
from probes.report import CheckState, Report
from probes.tailscale.netcheck import netcheck_view
from probes.tailscale.netcheck_again import netcheck_again
from probes.version import __version__
from tui import content
from tui.json_peer import cause_to_json, flip_to_json, peer_to_json
from tui.json_witnesses import disagreements_to_json, firewall_to_json, tailscale_to_json

SCHEMA = "whyrelay/1"
MOST_BYTES = 20_000_000
"""A report has some 30 kB; nothing near this size is one."""


class NotAReport(ValueError):
    """The JSON is not a report of this schema. One sentence, for a person."""


def report_to_json(
    report: Report, diagnosis: Diagnosis, headline: str, *, elsewhere: bool = False
) -> dict[str, Json]:
    """The whole object. `headline` is the verdict in one sentence; `elsewhere`: the report was
    given to this program, and not measured by it here."""
    facts = Facts(report, diagnosis.nat4, diagnosis.nat6)
    flips = flips_of(facts)
    return {
        "schema": SCHEMA,
        "program": {"name": "whyrelay", "version": __version__},
        "taken_at": report.taken_at,
        "elapsed_ms": round(report.elapsed_ms, 3),
        "network": {
            "id": report.network_id or None,
            "changed": report.network_changed,
            "measured": report.network,
        },
        "verdict": str(diagnosis.verdict),
        "headline": headline,
        "readings": {key.id: key.encode(report[key]) for key in KEYS.values()},
        "checks": {str(check): _check(state) for check, state in report.checks.items()},
        "complete": report.closed and not report.cancelled,
        "measured_elsewhere": elsewhere or report.elsewhere,
        "netcheck": _netcheck(report),
        "nat": {**_nat(diagnosis.nat4), **_nat4_alone(report)},
        "nat6": _nat(diagnosis.nat6),
        "port_mapping": {
            "upnp": _service(report, port_mapping.UPNP),
            "nat_pmp": _service(report, port_mapping.NAT_PMP),
            "pcp": _service(report, port_mapping.PCP),
        },
        "forward": _forward(report),
        "local": _local(report),
        "tailscale": tailscale_to_json(report),
        "causes": [cause_to_json(cause) for cause in diagnosis.causes],
        "outlook": {
            "none": _outlook(diagnosis.outlook.none, flips[NatClass.NONE]),
            "easy": _outlook(diagnosis.outlook.easy, flips[NatClass.EASY]),
            "hard": _outlook(diagnosis.outlook.hard, flips[NatClass.HARD]),
        },
        "peer": None if diagnosis.peer is None else peer_to_json(diagnosis.peer),
        "remedies": [remedy_to_json(each) for each in advice(facts, diagnosis.causes)],
        "disagreements": disagreements_to_json(report),
    }


def _netcheck(report: Report) -> Json:
    """From this program's own probes, or what netcheck itself said where those were not made."""
    said = report.value(tailscale.NETCHECK) if report.elsewhere else None
    return netcheck_view(report) if said is None else netcheck_again(said, report.taken_at)


def to_text(value: Json, *, ascii_only: bool = False) -> str:
    """The object as text, indented, with a line break at the end."""
    return json.dumps(value, indent=2, ensure_ascii=ascii_only, allow_nan=False) + "\n"


def _check(state: CheckState) -> Json:
    return {
        "status": str(state.status),
        "done": state.done,
        "total": state.total,
        "doing": state.doing,
        "detail": state.detail,
        "budget_ms": state.budget_ms,
        "started_ms": None if state.started_ms is None else round(state.started_ms, 3),
        "finished_ms": None if state.finished_ms is None else round(state.finished_ms, 3),
        "error": state.error,
    }


def _nat(nat: Nat) -> Json:
    return {
        "class": str(nat.nat_class),
        "mapping": str(nat.mapping),
        "filtering": str(nat.filtering),
        "port_preserved": nat.port_preserved,
        "classic": "unknown",
        "layers": None,
    }


def _nat4_alone(report: Report) -> dict[str, Json]:
    """What is asked of IPv4 only."""
    kind = report.value(classic.TYPE4)
    found = layers_of(report)
    return {
        "classic": "unknown" if kind is None else str(kind),
        "layers": [_layer(layer) for layer in found] or None,
    }


def _layer(layer: Layer) -> Json:
    return {
        "hop": layer.hop,
        "address": str(layer.address),
        "kind": str(layer.kind),
        "how": layer.how,
    }


def _service(report: Report, keys: port_mapping.ServiceKeys) -> Json:
    """One of the three ways to ask a router for a port."""
    test = report.value(keys.test)
    error = (test.error if test is not None else None) or report.value(keys.error)
    address = report.value(keys.external)
    names = ("granted", "address_matches", "seen_from_outside", "ok", "external_port")
    shown = (*names, "lease_s", "removed")
    return {
        "present": report.value(keys.present),
        "external_ip": None if address is None else str(address),
        "error": None if error is None else _mapping_error(error),
        "mapping": {
            "tested": test is not None,
            **{name: None if test is None else getattr(test, name) for name in shown},
        },
    }


def _mapping_error(error: port_mapping.MappingError) -> Json:
    meaning = content.plain(content.mapping_fault(error.fault).meaning)
    return {"code": error.code, "name": error.name, "meaning": meaning}


def _forward(report: Report) -> Json:
    found = report.value(port_mapping.FORWARD)
    if found is None:
        return {"port": None, "open": None, "how": None}
    return {"port": found.port, "open": found.open, "how": found.how}


def _local(report: Report) -> Json:
    faces = report.value(local.INTERFACES)
    gateways = [
        {"family": family, **GATEWAY.encode(gateway)}
        for family, key in ((4, local.GATEWAY4), (6, local.GATEWAY6))
        if (gateway := report.value(key)) is not None
    ]
    known = report.known(local.GATEWAY4) or report.known(local.GATEWAY6)
    ways = (report.value(local.WAY_OUT4), report.value(local.WAY_OUT6))
    tunnels = (InterfaceKind.TUNNEL, InterfaceKind.TAILSCALE)
    return {
        "interfaces": None if faces is None else [INTERFACE.encode(face) for face in faces],
        "gateways": gateways if known else None,
        "tunnels": None
        if faces is None
        else [face.name for face in faces if face.kind in tunnels and face.up],
        "bound_to": next((way.interface for way in ways if way is not None), None),
        "firewall": firewall_to_json(report),
    }


def _outlook(outlook: Outlook, fix: Fix | None) -> Json:
    return {
        "result": str(outlook.result),
        "mechanism": str(outlook.mechanism),
        "because": list(outlook.because),
        "flip": flip_to_json(fix),
    }


def remedy_to_json(advised: Advised) -> Json:
    """A change, and with which kinds of peer it makes the difference."""
    return {
        "id": str(advised.remedy.id),
        "for": [str(cause) for cause in advised.causes],
        "side": str(advised.side),
        "acts": str(advised.remedy.acts),
        "flips": {str(kind): helps for kind, helps in advised.flips.items()},
        "risk": str(advised.remedy.risk),
        "retest": [str(check) for check in advised.remedy.retest],
    }


def ledger_to_json(report: Report) -> dict[str, Json]:
    """What `report_from_json` makes the report of again, without the views of it."""
    return {
        "schema": SCHEMA,
        "taken_at": report.taken_at,
        "elapsed_ms": round(report.elapsed_ms, 3),
        "network": {
            "id": report.network_id or None,
            "changed": report.network_changed,
            "measured": report.network,
        },
        "readings": {key: KEYS[key].encode(each) for key, each in report.readings.items()},
        "checks": {str(check): _check(state) for check, state in report.checks.items()},
        "complete": report.closed and not report.cancelled,
    }


def report_from_json(value: Json) -> Report:
    """The report that the object was made of. Raises NotAReport.

    Readings and checks that this version does not know are left out: a newer one wrote them.
    """
    if not isinstance(value, dict) or "schema" not in value:
        raise NotAReport("It is not a report: it names no schema.")
    if value["schema"] != SCHEMA:
        raise NotAReport(f"It is of schema {value['schema']!r}; this program reads {SCHEMA!r}.")
    try:
        return _report(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAReport(f"It is not a whole report: {error}") from error


def _report(value: dict[str, Any]) -> Report:
    known_checks = {str(check): check for check in CheckId}
    bare = Report(
        taken_at=str(value["taken_at"]),
        elapsed_ms=float(value["elapsed_ms"]),
        network=str(value["network"]["measured"]),
        network_id=str(value["network"]["id"] or ""),
        network_changed=bool(value["network"]["changed"]),
        closed=True,
        cancelled=not value["complete"],
        checks={
            known_checks[check]: _state(state)
            for check, state in value["checks"].items()
            if check in known_checks
        },
    )
    found = {
        each: KEYS[each].decode(reading)
        for each, reading in value["readings"].items()
        if each in KEYS
    }
    # What follows from the state of a check ("skipped") was written out, but never observed.
    observed = {each: reading for each, reading in found.items() if reading != bare[KEYS[each]]}
    return replace(bare, readings=observed)


def _state(value: dict[str, Any]) -> CheckState:
    return CheckState(
        status=CheckStatus(value["status"]),
        done=int(value["done"]),
        total=int(value["total"]),
        doing=str(value["doing"]),
        detail=str(value["detail"]),
        budget_ms=float(value["budget_ms"]),
        started_ms=None if value["started_ms"] is None else float(value["started_ms"]),
        finished_ms=None if value["finished_ms"] is None else float(value["finished_ms"]),
        error=str(value["error"]),
    )
