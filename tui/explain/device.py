"""What the words on causes in the router's port mapping and on this device may name."""

from __future__ import annotations

from collections.abc import Iterable

from probes.addresses import AddressKind
from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Result
from probes.diagnosis.nat import nat_of, ways_in
from probes.diagnosis.outlook import outlook_of
from probes.diagnosis.overruled import ONLY_TCP
from probes.model import Family
from probes.options import DEFAULT_PORT
from probes.readings import behavior, environment, firewall, port_mapping, tailscale
from probes.readings.environment import Effect, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.port_mapping import SERVICES, MappingProtocol, ServiceKeys
from probes.readings.tailscale import Backend
from probes.report import Report
from tui import content

_PROTOCOLS = {
    MappingProtocol.UPNP: "UPnP",
    MappingProtocol.NAT_PMP: "NAT-PMP",
    MappingProtocol.PCP: "PCP",
}


def filling(report: Report) -> dict[str, object]:
    """By placeholder. Where a thing is not known, words that can stand in its place."""
    setting, place = _forced(report)
    judged = _judgement(report)
    bugs = report.value(environment.CLIENT_BUGS) or ()
    state = report.value(tailscale.STATE)
    large = report.value(behavior.LARGE4)
    return {
        "large_bytes": large.size if large is not None else behavior.LARGE_BYTES,
        "large_servers": _listed(large.servers) if large is not None else "two servers",
        "offered": _listed(_offered(report)) or "port mapping",
        "refusal": _refusal(report),
        "firewall": _firewall(report, judged),
        "firewall_shown": _shown(judged),
        "vpn_port": report.value(firewall.PORT) or DEFAULT_PORT,
        "cloud": _inside(report, Surrounding.CLOUD),
        "mobile": _inside(report, Surrounding.MOBILE),
        "container": _inside(report, Surrounding.CONTAINER),
        "machine": _inside(report, Surrounding.VIRTUAL_MACHINE, Surrounding.WSL),
        "pod": _inside(report, Surrounding.KUBERNETES),
        "wanted_port": report.value(environment.SET_PORT) or "its own",
        "used_port": report.value(tailscale.PORT) or "another",
        "setting": setting,
        "setting_place": place,
        "exit_node": report.value(tailscale.EXIT_NODE) or "of another device",
        "backend": content.label(state) if state is not None else "not connected",
        "tailscale_is": _tailscale_is(state),
        "version": report.value(tailscale.VERSION) or "of this version",
        "bug": content.label(bugs[0].effect) if bugs else "something may go wrong",
        "bug_number": _number(bugs[0].issue if bugs else 0),
    }


def _tailscale_is(state: Backend | None) -> str:
    """What Tailscale does instead of running, as the beginning of a sentence."""
    named = state is not None and state is not Backend.RUNNING
    return content.tailnet(str(state)).label if named else "Tailscale is not connected"


def _listed(names: Iterable[str]) -> str:
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _offered(report: Report) -> list[str]:
    return [
        name for protocol, name in _PROTOCOLS.items() if report.value(SERVICES[protocol].present)
    ]


def _refusal(report: Report) -> str:
    """Why the first service that is offered fails."""
    for keys in SERVICES.values():
        found = _failing(report, keys) if report.value(keys.present) else ""
        if found:
            return found
    return "it refuses"


_USELESS = (
    AddressKind.PRIVATE,
    AddressKind.CARRIER,
    AddressKind.TRANSITION,
    AddressKind.UNSPECIFIED,
)


def _failing(report: Report, keys: ServiceKeys) -> str:
    test, external = report.value(keys.test), report.value(keys.external)
    error = (test.error if test is not None else None) or report.value(keys.error)
    if error is not None:
        return content.mapping_fault(error.fault).label
    if test is not None and not test.granted:
        return "it gave no port"
    if test is not None and test.address_matches is False:
        return "the internet sees another address"
    if test is not None and test.seen_from_outside is False:
        return "nothing came in"
    if external is not None and AddressKind.of(external) in _USELESS:
        return f"its outer address is {external}"
    return ""


def _judgement(report: Report) -> Judgement | None:
    """The one that blocks; what goes out weighs more."""
    found = (report.value(firewall.OUTBOUND4), report.value(firewall.INBOUND4))
    return next((each for each in found if each is not None and each.fate is Fate.BLOCKED), None)


def _firewall(report: Report, judged: Judgement | None) -> str:
    if judged is not None and judged.by is not None:
        return content.label(judged.by)
    named = (
        each.name
        for each in report.value(firewall.FOUND) or ()
        if each.active and each.name is not FirewallName.TAILSCALE
    )
    return next((content.label(name) for name in named), "the firewall")


def _shown(judged: Judgement | None) -> str:
    """What shows that it drops something: a rule, or what became of a packet."""
    if judged is None:
        return content.own_firewall("met")
    rule = f"{judged.where}: {judged.rule}" if judged.where else judged.rule
    rule = rule if judged.rule else "one of the firewall's own"
    return content.fill(content.own_firewall("read"), rule=rule)


def _inside(report: Report, *kinds: Surrounding) -> str:
    for each in report.value(environment.EVIDENCE) or ():
        if each.kind in kinds:
            return each.name
    return content.label(kinds[0])


def _forced(report: Report) -> tuple[str, str]:
    """The setting that forces relaying, and where it stands."""
    for each in report.value(environment.SETTINGS) or ():
        if each.effect is Effect.FORCES_RELAY:
            return each.name, each.where
    forced = ONLY_TCP in (report.value(tailscale.ATTRIBUTES) or ())
    return (ONLY_TCP if forced else "a setting"), "the tailnet's policy"


def _number(issue: int) -> str:
    return f"Tailscale's issue {issue}" if issue else "it is in the notes on its versions"


def open_to_all(report: Report) -> bool:
    """Every peer is reached, whatever the filter of other ports lets in."""
    nat4, nat6 = (nat_of(report, each) for each in Family)
    return outlook_of(Facts(report, nat4, nat6)).hard.result is Result.DIRECT


def open_port(report: Report) -> str:
    """The port that is open from outside, where peers behind a hard NAT get in by it too; or ""."""
    return port_held(report) if ways_in(report) and open_to_all(report) else ""


def port_held(report: Report) -> str:
    """What makes up for a varying mapping: the port that is open from outside, or ""."""
    forward = report.value(port_mapping.FORWARD)
    if forward is not None and forward.open:
        return f"port {forward.port}, forwarded by hand"
    for protocol, name in _PROTOCOLS.items():
        test = report.value(SERVICES[protocol].test)
        if test is not None and test.granted and test.external_port:
            return f"port {test.external_port}, opened by {name}"
    return ""
