"""Linux's rules put together: nftables' own, and those that the two kinds of iptables loaded."""

from __future__ import annotations

from dataclasses import replace

from probes.firewalls.rules import Ruleset

_COMPATIBLE = frozenset({"raw", "mangle", "nat", "filter", "security"})
"""The tables that iptables-nft keeps in nftables under iptables' names."""


def combine(
    nftables: Ruleset | None, iptables: Ruleset | None, legacy: Ruleset | None = None
) -> Ruleset:
    """One rule set of what was listed. None: that program is not there or says nothing.

    `iptables` and `legacy` are of one family. Where iptables writes to nftables, both list the same
    tables, and iptables' own listing is the one without opaque parts.
    """
    whole = nftables or Ruleset({})
    if iptables is not None:
        told = frozenset(each for each in iptables.tables() if each[1] in _COMPATIBLE)
        whole = whole.without(told).beside(iptables)
    if legacy is not None:
        whole = whole.beside(_renamed(legacy))
    return whole


def _renamed(legacy: Ruleset) -> Ruleset:
    """Under names of their own: both kinds of iptables may have a table called filter."""
    return Ruleset(
        {
            (family, f"{table} (legacy)", name): replace(chain, table=f"{table} (legacy)")
            for (family, table, name), chain in legacy.chains.items()
        },
        legacy.unread,
    )
