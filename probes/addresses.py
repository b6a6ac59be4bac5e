"""What an address is by its prefix alone."""

from __future__ import annotations

from ipaddress import ip_network

from probes.model import IPAddress

_NOT_PUBLIC = tuple(
    ip_network(prefix)
    for prefix in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598, also the tailnet's own
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",  # RFC 4193, also the tailnet's own
        "fe80::/10",
    )
)


def may_be_public(address: IPAddress) -> bool:
    """Not an address that is known to mean something only inside some network."""
    return not any(address in prefix for prefix in _NOT_PUBLIC if prefix.version == address.version)
