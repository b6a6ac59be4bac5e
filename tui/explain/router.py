"""What a router says: of itself, of its open ports, of a trial; and who else answered in its place.

Everything in here is a router's or a stranger's own word; only the frame is ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes.addresses import AddressKind
from probes.model import CheckId
from probes.readings import igd, port_mapping
from probes.readings.igd import Entry
from probes.readings.port_mapping import (
    NAT_PMP_EPOCH,
    PCP_EPOCH,
    SERVICES,
    MappingError,
    MappingProtocol,
    MappingTest,
    ServiceKeys,
)
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.explain.words import duration

PROTOCOL_OF = {
    CheckId.UPNP: MappingProtocol.UPNP,
    CheckId.NAT_PMP: MappingProtocol.NAT_PMP,
    CheckId.PCP: MappingProtocol.PCP,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A heading and what stands below it, a line a fact."""

    heading: str
    lines: tuple[str, ...]


def router_says(report: Report, check: CheckId) -> tuple[Told, ...]:
    """Everything that is known of the router by one of the three ways to ask it."""
    protocol = PROTOCOL_OF.get(check)
    if protocol is None:
        return ()
    keys = SERVICES[protocol]
    parts: tuple[tuple[str, Iterator[str]], ...] = (
        ("about", _about(report, protocol, keys)),
        ("ipv6", _six(report) if protocol is MappingProtocol.PCP else iter(())),
        ("entries", _entries(report) if protocol is MappingProtocol.UPNP else iter(())),
        ("trial", _trial(report.value(keys.test), report.value(port_mapping.LET_THROUGH))),
        ("pinhole", _pinhole(report) if protocol is MappingProtocol.PCP else iter(())),
        ("strange", _strange(report) if protocol is MappingProtocol.UPNP else iter(())),
        ("leftovers", _leftovers(report, protocol)),
    )
    found = ((heading, tuple(lines)) for heading, lines in parts)
    return tuple(Told(_say(heading), lines) for heading, lines in found if lines)


def _say(which: str, **filling: object) -> str:
    return content.plain(content.fill(content.router(which), **filling))


def _about(report: Report, protocol: MappingProtocol, keys: ServiceKeys) -> Iterator[str]:
    if protocol is MappingProtocol.UPNP:
        yield from _igd(report)
    address = report.value(keys.external)
    if address is not None:
        kind = content.label(AddressKind.of(address))
        yield _say("address", address=address, kind=kind)
    epochs = {MappingProtocol.NAT_PMP: NAT_PMP_EPOCH, MappingProtocol.PCP: PCP_EPOCH}
    epoch = epochs.get(protocol)
    age_s = report.value(epoch) if epoch is not None else None
    if age_s is not None:
        yield _say("clock", age=duration(age_s))
    error = report.value(keys.error)
    if error is not None:
        yield from _error(error)
    if report.value(keys.present) and report.value(port_mapping.TAILSCALE_ASKS) is False:
        yield _say("not-tailscales")


def _six(report: Report) -> Iterator[str]:
    six = report.value(port_mapping.PRESENT6)
    if six is not None:
        yield _say("ipv6-yes" if six else "ipv6-no")


def _igd(report: Report) -> Iterator[str]:
    router = report.value(igd.IGD)
    if router is not None:
        yield _say("name", name=router.name or "-", service=router.service, version=router.version)
        if router.maker or router.model:
            yield _say("maker", maker=router.maker or "-", model=router.model or "-")
        if router.software:
            yield _say("software", software=router.software)
        gateway = report.value(port_mapping.GATEWAY)
        if gateway is not None and router.host != str(gateway):
            yield _say("host", host=router.host)
    status = report.value(igd.STATUS)
    if status is not None:
        yield _say("status", status=status.status, uptime=duration(status.uptime_s))
        if status.last_error not in ("", "ERROR_NONE"):
            yield _say("status-error", error=status.last_error)
    firewall = report.value(igd.FIREWALL6)
    if firewall is not None and not firewall.enabled:
        yield _say("firewall-open")
    elif firewall is not None:
        yield _say("firewall-asks" if firewall.pinholes_allowed else "firewall-shut")


def _error(error: MappingError) -> Iterator[str]:
    words = content.mapping_fault(error.fault)
    yield _say("error", error=f"{words.label} ({error.name or error.code})")
    yield content.plain(words.meaning)
    yield content.plain(words.next_step)


def _entries(report: Report) -> Iterator[str]:
    found = report.value(igd.ENTRIES)
    if found is None:
        return
    yield from map(_entry, found.entries)
    if not found.entries and found.complete:
        yield _say("no-entries")
    if not found.complete:
        yield _say("more-entries")


def _entry(entry: Entry) -> str:
    return _say(
        "entry",
        protocol=entry.protocol,
        external=entry.external_port,
        client=entry.client,
        internal=entry.internal_port,
        owner=content.label(entry.owner),
        description=f" ({entry.description})" if entry.description else "",
        lease=f", for {duration(entry.lease_s)}" if entry.lease_s else "",
    )


def _trial(test: MappingTest | None, let_through: bool | None = None) -> Iterator[str]:
    if test is None:
        return
    if not test.granted:
        yield _say("refused")
        if test.error is not None:
            yield from _error(test.error)
        return
    lease = "" if test.lease_s is None else duration(test.lease_s)
    granted = "granted" if lease else "granted-forever"
    yield _say(granted, external=test.external_port, lease=lease)
    for state, yes, no in (
        (test.read_back, "read-back", "not-read-back"),
        (test.address_matches, "matches", "differs"),
        (test.seen_from_outside, "came-in", "stayed-out"),
    ):
        if state is not None:
            yield _say(yes if state else no, address=test.external_address)
    if test.seen_from_outside is None:
        yield _say("unseen")
    if test.seen_from_outside is False and let_through is not None:
        yield _say("let-through" if let_through else "held-back")
    if test.removed is not None:
        yield _say("removed" if test.removed else "not-removed")


def trial_told(report: Report, before: Report) -> Iterator[str]:
    """What came of a trial that was made since, a sentence for each way to ask the router."""
    for keys in SERVICES.values():
        test = report.value(keys.test)
        if test is None or before[keys.test] == report[keys.test]:
            continue
        lines = _trial(test, report.value(port_mapping.LET_THROUGH))
        said = "; ".join(line[:1].lower() + line[1:] for line in lines)
        yield f"{_say('trial')}: {said}."


def _pinhole(report: Report) -> Iterator[str]:
    through = report.value(port_mapping.LET_THROUGH6)
    return _trial(report.value(port_mapping.PINHOLE6), through)


def _strange(report: Report) -> Iterator[str]:
    for each in report.value(igd.STRANGE) or ():
        detail = f" ({each.detail})" if each.detail else ""
        times = f", {each.count} times" if each.count > 1 else ""
        reason = content.label(each.reason)
        yield _say("strange-one", sender=each.sender, reason=reason, detail=detail + times)


def _leftovers(report: Report, protocol: MappingProtocol) -> Iterator[str]:
    for each in report.value(port_mapping.LEFTOVERS) or ():
        if each.protocol is protocol:
            state = content.label(each.state)
            day = each.made_at[:16].replace("T", " ")
            yield _say("leftover", port=each.external_port, day=day, state=state)
