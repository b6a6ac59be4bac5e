"""What the words need to know of a report, each as one small function."""

from __future__ import annotations

from collections import Counter

from probes.addresses import AddressKind
from probes.diagnosis.cloud import cloud_address
from probes.diagnosis.layers import LayerKind, layers_of
from probes.diagnosis.nat import mapping_answers
from probes.model import CheckId, Endpoint, Family, IPAddress, Reason, Unknown
from probes.readings import captive_portal, layers, lifetime, local, relays, stun
from probes.readings.port_mapping import SERVICES
from probes.report import Report
from probes.values import dataclass


def answers(report: Report, family: Family) -> tuple[stun.StunAnswer, ...]:
    """The relays' STUN answers of one family, none where unknown."""
    return report.value(stun.BY_FAMILY[family].answers) or ()


def answered_regions(report: Report) -> int:
    """How many regions answered over UDP, by either family."""
    found = (*answers(report, Family.V4), *answers(report, Family.V6))
    return len({_server(answer) for answer in found})


def answered(report: Report, family: Family) -> int:
    """How many relays answered over UDP by one family."""
    return len({_server(answer) for answer in answers(report, family)})


def _server(answer: stun.StunAnswer) -> str:
    # Servers outside a map share region 0: those are told apart by their names.
    return str(answer.region) if answer.region else answer.host


def host_of(answer: stun.StunAnswer) -> str:
    """The server's name alone: outside the relay map it is kept with its port."""
    return answer.host.removesuffix(f":{answer.server.port}")


_NOT_ASKED = (
    Reason.NO_SERVER,
    Reason.SKIPPED,
    Reason.NOT_APPLICABLE,
    Reason.THROUGH_TUNNEL,
    Reason.NOT_MEASURED,
)


def relays_asked(report: Report) -> bool:
    """Whether any relay was asked, so that silence is an answer of a kind."""
    found = (report[stun.UDP], report[relays.TCP])
    return not all(isinstance(each, Unknown) and each.reason in _NOT_ASKED for each in found)


def asked_regions(report: Report) -> int:
    """How many regions of the map answer STUN at all; at least as many as answered."""
    offering, regions = report.value(relays.STUN_REGIONS), report.value(relays.REGIONS) or ()
    return max(len(regions) if offering is None else offering, answered_regions(report))


def reached_over_tcp(report: Report) -> int:
    """How many relays were reached over TCP."""
    found = report.value(relays.TCP_ANSWERS) or ()
    return len({str(answer.region) if answer.region else answer.host for answer in found})


def tried_over_tcp(report: Report) -> int:
    """How many relays were to be reached over TCP: not the whole map is asked."""
    state = report.checks.get(CheckId.RELAY_TCP)
    return max(state.total if state is not None else 0, reached_over_tcp(report))


def _distinct(found: tuple[stun.StunAnswer, ...]) -> tuple[Endpoint, ...]:
    seen = Counter(answer.mapped for answer in found)
    return tuple(endpoint for endpoint, _ in seen.most_common())


def endpoints(report: Report, family: Family) -> tuple[Endpoint, ...]:
    """The distinct public endpoints that relays saw, most often seen first."""
    return _distinct(answers(report, family))


def all_endpoints(report: Report, family: Family) -> tuple[Endpoint, ...]:
    """The same, with what servers outside the relay map saw: what the NAT class rests on."""
    return _distinct(mapping_answers(report, family))


def all_servers(report: Report, family: Family) -> int:
    """How many servers, relays or not, answered over UDP by one family."""
    return len({answer.server for answer in mapping_answers(report, family)})


def addresses_of(found: tuple[Endpoint, ...]) -> tuple[IPAddress, ...]:
    """The distinct addresses of some endpoints, in their order."""
    return tuple(dict.fromkeys(endpoint.address for endpoint in found))


def ports_kept(found: tuple[Endpoint, ...]) -> bool:
    """Several addresses, all with one port: another line or address, and no other port."""
    return len(addresses_of(found)) > 1 and len({each.port for each in found}) == 1


def no_way_out(report: Report, *families: Family) -> bool:
    """The system itself has no address or route for any of these families, or for either."""
    keys = (local.way_out_key(family) for family in families or Family)
    return all(report.known(key) and report.value(key) is None for key in keys)


def translated(report: Report) -> bool:
    """This network reaches IPv4 over IPv6, by a translator (NAT64)."""
    prefix = report.value(layers.NAT64)
    return bool(prefix)


def udp_stopped(report: Report) -> bool:
    """Nothing answered over UDP, while relays answered in other ways."""
    silent = report.value(stun.UDP) is False and not report.value(stun.ELSEWHERE)
    return silent and True in (report.value(relays.TCP), report.value(relays.ICMP4))


def nothing_out(report: Report) -> bool:
    """No packet gets anywhere: there is no way out, or nothing that was asked answered at all."""
    ways = (local.WAY_OUT4, local.WAY_OUT6)
    if all(report.known(each) and report.value(each) is None for each in ways):
        return True
    silent = report.value(stun.UDP) is False and not report.value(stun.ELSEWHERE)
    other = report.value(relays.ICMP4) or report.value(captive_portal.ANSWERS)
    return silent and report.value(relays.TCP) is False and not other


def own_addresses(report: Report) -> frozenset[IPAddress]:
    """The addresses on this device's interfaces, without those of tunnels."""
    tunnels = (local.InterfaceKind.TUNNEL, local.InterfaceKind.TAILSCALE)
    return frozenset(
        address.ip
        for face in report.value(local.INTERFACES) or ()
        if face.kind not in tunnels
        for address in face.addresses
    )


def address_is_here(report: Report, family: Family) -> bool:
    """Whether the public address that relays saw sits on this device."""
    seen = addresses_of(endpoints(report, family))
    return bool(seen) and own_addresses(report).issuperset(seen)


def one_to_one(report: Report) -> bool:
    """Whether a cloud passes on to this device alone whatever is sent to its public address."""
    found = cloud_address(report)
    return found is not None and found.settled and not address_is_here(report, Family.V4)


def tunnel(report: Report, family: Family) -> str:
    """The tunnel through which one family's probes would leave, "" for none or unknown."""
    way = report.value(local.way_out_key(family))
    return way.tunnel if way is not None and way.through_tunnel else ""


def any_tunnel(report: Report) -> str:
    """The tunnel through which probes of either family would leave, "" for none or unknown."""
    return next(filter(None, (tunnel(report, family) for family in Family)), "")


def tcp_by(report: Report, family: Family) -> bool:
    """Whether a relay was reached over TCP by one family."""
    found = report.value(relays.TCP_ANSWERS) or ()
    return any(Family.of(answer.address) is family for answer in found)


def default_tunnel(report: Report) -> str:
    """The tunnel that holds a default route, whether or not the probes went around it."""
    ways = (report.value(local.way_out_key(family)) for family in Family)
    return next((way.tunnel for way in ways if way is not None and way.tunnel), "")


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One relay region and its latencies in milliseconds; None: not measured, or no answer."""

    region: int
    code: str
    name: str
    v4_ms: float | None
    v6_ms: float | None
    tcp_ms: float | None
    """Over TCP; what stands in for UDP where UDP is blocked."""
    preferred: bool

    @property
    def best_ms(self) -> float | None:
        """The shortest over UDP; over TCP where no UDP answer came."""
        found = [ms for ms in (self.v4_ms, self.v6_ms) if ms is not None]
        return min(found) if found else self.tcp_ms


def latency_rows(report: Report) -> tuple[LatencyRow, ...]:
    """The map's regions by latency, those without an answer last."""
    v4, v6 = (_fastest(report, family) for family in Family)
    tcp: dict[int, float] = {}
    for answer in report.value(relays.TCP_ANSWERS) or ():
        known = answer.server_hello_ms
        ms = answer.connect_ms if known is None else known
        tcp[answer.region] = min(ms, tcp.get(answer.region, ms))
    preferred = report.value(stun.PREFERRED) or 0
    rows = [
        LatencyRow(
            each.region,
            each.code,
            each.name,
            v4.get(each.region),
            v6.get(each.region),
            tcp.get(each.region),
            each.region == preferred,
        )
        for each in report.value(relays.REGIONS) or ()
    ]
    return tuple(sorted(rows, key=_by_latency))


def _fastest(report: Report, family: Family) -> dict[int, float]:
    found: dict[int, float] = {}
    for answer in answers(report, family):
        found[answer.region] = min(answer.rtt_ms, found.get(answer.region, answer.rtt_ms))
    return found


def _by_latency(row: LatencyRow) -> tuple[bool, float, str]:
    best = row.best_ms
    return (best is None, best or 0.0, row.code)


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One server and the public endpoint that it saw."""

    server: str
    """Region code, or host name for a server outside the map."""
    mapped: Endpoint
    rtt_ms: float
    differs: bool
    """Another endpoint than the first row's."""


def mapping_rows(report: Report, family: Family) -> tuple[MappingRow, ...]:
    """Which endpoint each server saw of the one socket, in the order of the answers."""
    codes = {each.region: each.code for each in report.value(relays.REGIONS) or ()}
    found = answers(report, family)
    return tuple(
        MappingRow(
            codes.get(answer.region) or answer.host,
            answer.mapped,
            answer.rtt_ms,
            answer.mapped != found[0].mapped,
        )
        for answer in found
    )


def beyond_router(report: Report, kind: AddressKind) -> str:
    """An address of a kind beyond the own router, as the router or a box on the way told; or ""."""
    for keys in SERVICES.values():
        address = report.value(keys.external)
        if address is not None and AddressKind.of(address) in _alike(kind):
            return str(address)
    wanted = LayerKind.CARRIER if kind is AddressKind.CARRIER else LayerKind.SECOND_ROUTER
    return next((str(each.address) for each in layers_of(report) if each.kind is wanted), "")


def _alike(kind: AddressKind) -> tuple[AddressKind, ...]:
    """A stand-in for IPv4 inside IPv6 is the provider's, too."""
    return (kind, AddressKind.TRANSITION) if kind is AddressKind.CARRIER else (kind,)


def keepalive_s(report: Report) -> int:
    """How often something has to be sent to keep a mapping; the shortest interval if unmeasured."""
    found = report.value(lifetime.LIFETIME4)
    return lifetime.KEEPALIVES_S[0] if found is None else found.keepalive_s


def lasted(report: Report) -> str:
    """How long a silent mapping lived: "after 20 to 35 seconds", or "" where unknown."""
    found = report.value(lifetime.LIFETIME4)
    if found is None or found.expired_s is None:
        return ""
    if not found.lived_s:
        return f"within {found.expired_s} seconds"
    return f"after {found.lived_s} to {found.expired_s} seconds"
