"""The parts of the JSON that other witnesses fill: Tailscale, this device's firewall, and where
their accounts contradict the probes'.
"""

from __future__ import annotations

from probes.diagnosis.disagreements import disagreements_of
from probes.readings import firewall, tailscale
from probes.readings.codec import Json
from probes.readings.firewall import Fate, Judgement
from probes.readings.tailscale import Backend, Peer
from probes.report import Report
from probes.tailscale.netcheck_again import netcheck_again


def tailscale_to_json(report: Report) -> Json:
    """What Tailscale says of itself; null where it is not here, or was not asked."""
    state = report.value(tailscale.STATE)
    if state is None or state is Backend.NOT_INSTALLED:
        return None
    said = report.value(tailscale.NETCHECK)
    endpoints = report.value(tailscale.SELF_ENDPOINTS)
    peers = report.value(tailscale.PEERS)
    return {
        "version": report.value(tailscale.VERSION),
        "state": str(state),
        "port": report.value(tailscale.PORT),
        "self_endpoints": None if endpoints is None else [str(each.endpoint) for each in endpoints],
        "peers": None if peers is None else [_peer(each) for each in peers],
        "netcheck": None if said is None else netcheck_again(said, report.taken_at),
    }


def _peer(peer: Peer) -> Json:
    return {"name": peer.name, "path": str(peer.path), "via": peer.via or None}


def firewall_to_json(report: Report) -> Json:
    """What this device does with the VPN's packets over IPv4, and which rule decides."""
    into, out = report.value(firewall.INBOUND4), report.value(firewall.OUTBOUND4)
    # What keeps packets out is the more telling rule; else the one for strangers' packets.
    told = out if out is not None and out.fate is Fate.BLOCKED else into or out
    return {
        "name": _name(report, told),
        "inbound_udp": str(Fate.UNKNOWN if into is None else into.fate),
        "outbound_udp": str(Fate.UNKNOWN if out is None else out.fate),
        "how": _how(told),
    }


def _name(report: Report, told: Judgement | None) -> str | None:
    if told is not None and told.by is not None:
        return str(told.by)
    active = (each.name for each in report.value(firewall.FOUND) or () if each.active)
    return next(map(str, active), None)


def _how(told: Judgement | None) -> str | None:
    if told is None:
        return None
    if not told.rule:
        return "no rule looks at it"
    return f"{told.where}: {told.rule}" if told.where else told.rule


def disagreements_to_json(report: Report) -> Json:
    """Every contradiction, with all accounts."""
    return [
        {
            "what": str(found.what),
            "witnesses": [
                {"witness": str(each.witness), "says": each.says, "reading": each.reading}
                for each in found.accounts
            ],
            "likely_because": str(found.likely_because),
            "because": list(found.because),
        }
        for found in disagreements_of(report)
    ]
