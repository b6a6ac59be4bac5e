"""The causes: a table of rules. Each looks at the facts and says whether, how surely, and why.

A rule never fires on an unknown reading, and none depends on another's place in the table; the
order of the table is only the order in which causes of one weight are shown.
"""

from __future__ import annotations

from probes.diagnosis import causes_device, causes_mapping, causes_nat, causes_network
from probes.diagnosis.causes_pair import PAIR_RULES
from probes.diagnosis.facts import Concluded
from probes.diagnosis.model import Cause, CauseId, Weight
from probes.diagnosis.peer import Between
from probes.diagnosis.rule import When

RULES: dict[CauseId, When] = {
    CauseId.CAPTIVE_PORTAL: causes_network.captive_portal,
    CauseId.NO_NETWORK: causes_network.no_network,
    CauseId.UDP_BLOCKED: causes_network.udp_blocked,
    CauseId.STUN_BLOCKED: causes_network.stun_blocked,
    CauseId.FORCED_RELAY: causes_device.forced_relay,
    CauseId.RELAY_MAP_WITHOUT_STUN: causes_network.relay_map_without_stun,
    CauseId.HOST_FIREWALL: causes_device.host_firewall,
    CauseId.MULTI_WAN: causes_nat.multi_wan,
    CauseId.HARD_NAT: causes_nat.hard_nat,
    CauseId.DOUBLE_NAT: causes_nat.double_nat,
    CauseId.CGNAT: causes_nat.cgnat,
    CauseId.CLOUD_NAT: causes_device.cloud_nat,
    CauseId.MOBILE_NETWORK: causes_device.mobile_network,
    CauseId.CONTAINER: causes_device.container,
    CauseId.VIRTUAL_MACHINE: causes_device.virtual_machine,
    CauseId.KUBERNETES: causes_device.kubernetes,
    CauseId.OTHER_VPN: causes_network.other_vpn,
    CauseId.INBOUND_BLOCKED: causes_nat.inbound_blocked,
    CauseId.NAT_STATE_COLLISION: causes_nat.nat_state_collision,
    CauseId.SHORT_MAPPING_LIFETIME: causes_nat.short_mapping_lifetime,
    CauseId.MTU: causes_nat.mtu,
    CauseId.PORT_CONFLICT: causes_device.port_conflict,
    CauseId.EXIT_NODE: causes_device.exit_node,
    CauseId.NOT_CONNECTED: causes_device.not_connected,
    CauseId.CLIENT_BUG: causes_device.client_bug,
    # Last what most homes have to note.
    CauseId.PORT_MAPPING_OFF: causes_mapping.port_mapping_off,
    CauseId.PORT_MAPPING_BROKEN: causes_mapping.port_mapping_broken,
    CauseId.IPV6_OFF: causes_network.ipv6_off,
    CauseId.IPV6_MISSING: causes_network.ipv6_missing,
    CauseId.IPV6_FILTERED: causes_network.ipv6_filtered,
}
"""One rule for each cause that one side has by itself; those of a pair are `PAIR_RULES`. Of those
that weigh the same, the first is told first."""

_ORDER = (Weight.BLOCKS, Weight.LIMITS, Weight.NOTES)


def causes_of(known: Concluded, pair: Between | None = None) -> tuple[Cause, ...]:
    """The causes that hold, the weightiest first; with a chosen peer those of the pair too."""
    found = [(cause, when(known)) for cause, when in RULES.items()]
    if pair is not None:
        found += [(cause, when(pair)) for cause, when in PAIR_RULES.items()]
    causes = [
        Cause(
            cause,
            match.weight,
            match.confidence,
            match.acts,
            match.because,
            match.missing,
            match.foremost,
        )
        for cause, match in found
        if match is not None
    ]
    return tuple(sorted(causes, key=lambda each: (not each.foremost, _ORDER.index(each.weight))))
