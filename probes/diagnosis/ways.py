"""Which changes are offered for which cause: a table, cheap and safe first within each cause."""

from __future__ import annotations

from collections.abc import Mapping

from probes.diagnosis.model import CauseId
from probes.diagnosis.remedy import RemedyId as R

WAYS: Mapping[CauseId, tuple[R, ...]] = {
    CauseId.NO_NETWORK: (R.RESTORE_NETWORK, R.OTHER_NETWORK),
    CauseId.CAPTIVE_PORTAL: (R.SIGN_IN, R.OTHER_NETWORK),
    CauseId.UDP_BLOCKED: (R.OTHER_NETWORK, R.ALLOW_OUTBOUND, R.UNBLOCK_UDP),
    CauseId.STUN_BLOCKED: (
        *(R.OTHER_NETWORK, R.UNBLOCK_STUN, R.PORT_MAPPING, R.FORWARD_PORT, R.ENABLE_IPV6),
    ),
    CauseId.FORCED_RELAY: (R.REMOVE_SETTING, R.CHANGE_POLICY),
    CauseId.RELAY_MAP_WITHOUT_STUN: (R.MEND_RELAY_MAP,),
    CauseId.HOST_FIREWALL: (R.ALLOW_OUTBOUND, R.ALLOW_INBOUND),
    CauseId.MULTI_WAN: (R.ONE_LINE, R.ENABLE_IPV6),
    CauseId.HARD_NAT: (
        *(R.ONE_LINE, R.PORT_MAPPING, R.FORWARD_PORT, R.KEEP_ONE_PORT, R.ENABLE_IPV6),
        *(R.BRIDGE, R.PUBLIC_ADDRESS),
    ),
    CauseId.DOUBLE_NAT: (
        *(R.BRIDGE, R.ACCESS_POINT, R.EXPOSED_HOST, R.FORWARD_TWICE, R.ENABLE_IPV6),
    ),
    CauseId.CGNAT: (R.ENABLE_IPV6, R.PUBLIC_ADDRESS),
    CauseId.CLOUD_NAT: (*(R.KEEP_ONE_PORT, R.ENABLE_IPV6, R.OPEN_FIREWALL, R.CLOUD_ADDRESS),),
    CauseId.MOBILE_NETWORK: (R.OTHER_NETWORK, R.ENABLE_IPV6, R.PUBLIC_ADDRESS),
    CauseId.CONTAINER: (R.HOST_NETWORK, R.PUBLISH_PORT, R.RUN_ON_HOST),
    CauseId.VIRTUAL_MACHINE: (R.BRIDGE_MACHINE, R.MIRRORED_NETWORK, R.RUN_ON_HOST),
    CauseId.KUBERNETES: (R.HOST_NETWORK, R.NODE_PORT),
    CauseId.OTHER_VPN: (R.PAUSE_VPN, R.SPLIT_VPN),
    CauseId.INBOUND_BLOCKED: (R.ALLOW_INBOUND, R.OPEN_FIREWALL),
    CauseId.NAT_STATE_COLLISION: (R.DROP_STRANGERS, R.PORT_MAPPING, R.FORWARD_PORT),
    CauseId.SHORT_MAPPING_LIFETIME: (
        *(R.KEEP_TRAFFIC, R.LONGER_UDP_TIME, R.PORT_MAPPING, R.FORWARD_PORT),
    ),
    CauseId.PORT_MAPPING_OFF: (
        *(R.PORT_MAPPING, R.FORWARD_PORT, R.ACCESS_POINT, R.PUBLIC_ADDRESS),
    ),
    CauseId.PORT_MAPPING_BROKEN: (
        *(R.UPDATE_CLIENT, R.REPAIR_MAPPING, R.FORWARD_PORT, R.BRIDGE, R.PUBLIC_ADDRESS),
    ),
    CauseId.IPV6_OFF: (R.ENABLE_IPV6_HERE,),
    CauseId.IPV6_MISSING: (R.ENABLE_IPV6,),
    CauseId.IPV6_FILTERED: (R.UNBLOCK_IPV6,),
    CauseId.PORT_CONFLICT: (R.FREE_PORT, R.OWN_PORT),
    CauseId.EXIT_NODE: (R.LEAVE_EXIT_NODE,),
    CauseId.NOT_CONNECTED: (R.CONNECT_TAILSCALE, R.ASK_APPROVAL),
    CauseId.CLIENT_BUG: (R.UPDATE_CLIENT,),
    CauseId.SAME_NETWORK: (R.SAME_WIFI, R.KEEP_LOCAL_ROUTE, R.ALLOW_LOCAL, R.HAIRPIN),
    CauseId.PEER_SIDE: (
        *(R.PORT_MAPPING, R.FORWARD_PORT, R.FORWARD_TWICE, R.ENABLE_IPV6, R.RUN_THERE),
    ),
    CauseId.BOTH_HARD: (
        *(R.PORT_MAPPING, R.FORWARD_PORT, R.FORWARD_TWICE, R.ENABLE_IPV6, R.RUN_THERE),
    ),
    CauseId.SETTLING: (R.WAIT,),
    CauseId.MTU: (R.PACKET_SIZE,),
}
"""By cause. A change that makes no sense in a report is left out there (`plan`)."""

AROUND: Mapping[CauseId, tuple[R, ...]] = {
    cause: WAYS[cause]
    for cause in (
        *(CauseId.CONTAINER, CauseId.VIRTUAL_MACHINE, CauseId.KUBERNETES),
        *(CauseId.CLOUD_NAT, CauseId.MOBILE_NETWORK),
    )
}
"""Boxes around this device with a NAT of their own: where one is known, its changes come first for
whatever a NAT does, since the home router's settings do not reach it."""

BY_A_NAT = (
    *(CauseId.HARD_NAT, CauseId.PORT_MAPPING_OFF, CauseId.PORT_MAPPING_BROKEN),
    *(CauseId.DOUBLE_NAT, CauseId.MULTI_WAN, CauseId.SHORT_MAPPING_LIFETIME, CauseId.BOTH_HARD),
)
"""Causes that such a box may be the one to make."""

AT_A_ROUTER = frozenset(
    {
        *(R.PORT_MAPPING, R.FORWARD_PORT, R.KEEP_ONE_PORT, R.BRIDGE),
        *(R.ACCESS_POINT, R.EXPOSED_HOST, R.FORWARD_TWICE),
    }
)
"""What the home router's settings decide, and those of a box around the device do not."""

HELPED_BY_THE_OTHER_SIDE = (
    *(CauseId.HARD_NAT, CauseId.MULTI_WAN, CauseId.DOUBLE_NAT, CauseId.CGNAT, CauseId.CLOUD_NAT),
    *(CauseId.MOBILE_NETWORK, CauseId.CONTAINER, CauseId.VIRTUAL_MACHINE, CauseId.KUBERNETES),
    *(CauseId.PORT_MAPPING_OFF, CauseId.PORT_MAPPING_BROKEN, CauseId.NAT_STATE_COLLISION),
    *(CauseId.STUN_BLOCKED, CauseId.INBOUND_BLOCKED),
    *(CauseId.PEER_SIDE, CauseId.BOTH_HARD),
)
"""Causes that do not matter any more where the other side can be reached, or a relay is near."""
