"""One change: its id, what it costs, who acts, and what it does to the facts of one side."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from probes.diagnosis.model import Actor, CauseId
from probes.diagnosis.sides import Side
from probes.model import CheckId
from probes.values import dataclass

HOW_FAR = {
    Actor.THIS_DEVICE: 0,
    Actor.NOBODY: 0,
    Actor.ROUTER: 1,
    Actor.SECOND_ROUTER: 1,
    Actor.NETWORK_ADMIN: 2,
    Actor.PEER: 3,
    Actor.ISP: 4,
    Actor.TAILNET_ADMIN: 5,
}
"""How far away the one who has to act is."""


class RemedyId(StrEnum):
    """What can be done."""

    DROP_STRANGERS = "drop-strangers"
    """Let the router drop packets that nobody asked for, instead of taking them for itself."""
    ALLOW_INBOUND = "allow-inbound"
    """Let the VPN's port through this computer's own firewall."""
    PORT_MAPPING = "port-mapping"
    """Turn on UPnP, NAT-PMP or PCP in the router."""
    FORWARD_PORT = "forward-port"
    """Forward the VPN's UDP port to this device."""
    KEEP_ONE_PORT = "keep-one-port"
    """Let the NAT keep one port for all destinations (static port, endpoint-independent NAT)."""
    ENABLE_IPV6 = "enable-ipv6"
    BRIDGE = "bridge-second-router"
    """Let only one router translate."""
    UNBLOCK_UDP = "unblock-udp"
    UNBLOCK_STUN = "unblock-stun"
    OPEN_FIREWALL = "open-firewall"
    """Let the VPN's port in at the firewall before a public address."""
    PUBLIC_ADDRESS = "public-address"
    """Get a public address from the provider, and forward the VPN's port."""
    PEER_RELAY = "peer-relay"
    """Run a peer relay on a device that both sides reach: not direct, but near."""

    # What comes of these cannot be foretold from readings (`untold`).
    RESTORE_NETWORK = "restore-network"
    """Bring this device back to its network."""
    SIGN_IN = "sign-in"
    """Sign in at the network's page."""
    OTHER_NETWORK = "other-network"
    """Use another network, if only to see whose fault it is."""
    CONNECT_TAILSCALE = "connect-tailscale"
    ASK_APPROVAL = "ask-approval"
    """Have the tailnet's admin let this device in."""
    LEAVE_EXIT_NODE = "leave-exit-node"
    PAUSE_VPN = "pause-vpn"
    """Turn another VPN off."""
    SPLIT_VPN = "split-vpn"
    """Have another VPN leave Tailscale's packets alone."""
    REMOVE_SETTING = "remove-setting"
    """Take out a setting of this device's Tailscale that forces relaying."""
    CHANGE_POLICY = "change-policy"
    """The same for the tailnet's policy."""
    UPDATE_CLIENT = "update-client"
    FREE_PORT = "free-port"
    """Stop what holds the VPN's port."""
    OWN_PORT = "own-port"
    """Give Tailscale a port of its own."""
    ALLOW_OUTBOUND = "allow-outbound"
    """Let UDP out through this computer's own firewall."""
    HOST_NETWORK = "host-network"
    """Let the container or pod use its host's network."""
    PUBLISH_PORT = "publish-port"
    """Publish the VPN's port of a container on its host."""
    BRIDGE_MACHINE = "bridge-machine"
    """Give the virtual machine a place of its own in the network."""
    MIRRORED_NETWORK = "mirrored-network"
    """Let Linux on Windows share Windows' own network."""
    RUN_ON_HOST = "run-on-host"
    """Run Tailscale on the computer around the container or machine."""
    NODE_PORT = "node-port"
    """Give a cluster's proxies fixed ports on nodes with public addresses."""
    CLOUD_ADDRESS = "cloud-address"
    """Give the machine in the cloud a public address of its own."""
    ENABLE_IPV6_HERE = "enable-ipv6-here"
    """Turn IPv6 on in this system."""
    UNBLOCK_IPV6 = "unblock-ipv6"
    """Let UDP out over IPv6."""
    ONE_LINE = "one-internet-line"
    """Tie this device to one of several internet lines."""
    ACCESS_POINT = "access-point"
    """Turn the own router into an access point of the one in front of it."""
    FORWARD_TWICE = "forward-twice"
    """Forward the VPN's port in both routers."""
    EXPOSED_HOST = "exposed-host"
    """Have the first router pass everything on to the second."""
    REPAIR_MAPPING = "repair-mapping"
    """Find out why the router opens no useful port, and mend that."""
    LONGER_UDP_TIME = "longer-udp-time"
    """Have the router remember silent UDP connections for longer."""
    KEEP_TRAFFIC = "keep-traffic"
    """Send a little all the time, so that the router does not forget."""
    MEND_RELAY_MAP = "mend-relay-map"
    """Have the tailnet's relays answer STUN."""
    SAME_WIFI = "same-wifi"
    """Bring both devices into the same local network."""
    KEEP_LOCAL_ROUTE = "keep-local-route"
    """Keep packets for the local network out of the tunnel."""
    ALLOW_LOCAL = "allow-local"
    """Let devices of the local network reach each other."""
    HAIRPIN = "hairpin"
    """Have the router send packets for its own public address back inside."""
    RUN_THERE = "run-there"
    """Measure on the other device as well."""
    WAIT = "wait"
    """Send something, and give the connection a minute."""
    PACKET_SIZE = "packet-size"
    """Have the network carry packets of full size, or say where it does not."""


class Risk(StrEnum):
    """What a change costs besides the work."""

    NONE = "none"
    ONE_PORT = "one-port"
    """One port of one device can be reached from the internet."""
    ANY_PROGRAM = "any-program"
    """Any program in the network may open ports."""
    REACHABLE = "reachable"
    """Devices get addresses that the internet can reach; a firewall has to guard them."""
    OUTAGE = "outage"
    """The internet is away while it is changed, and a wrong step takes longer."""
    PAUSE = "pause"
    """Connections over the VPN break for a moment, this one too if it runs over it."""
    ISOLATION = "isolation"
    """A container or pod is kept apart from its host a little less."""
    RULES = "rules"
    """It loosens a rule that somebody made on purpose."""
    MONEY = "money"


Change: TypeAlias = Callable[[Side], Side | None]
"""The side after the change; None where it makes no sense there."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change."""

    id: RemedyId
    acts: Actor
    risk: Risk
    retest: tuple[CheckId, ...]
    causes: tuple[CauseId, ...]
    """The causes that it goes to the root of."""
    change: Change
    """What it does to the facts; None also where nobody can foretell what comes of it."""
