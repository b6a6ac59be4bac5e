"""The closed loop: every remedy that the program offers is followed at a real router or device, and
the program measures again. The list of cures is printed at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab import needs
from tests.lab.loop_run import follow
from tests.lab.loop_table import TABLE
from tests.lab.program import installed

GROUPS = {
    "patience": ("forgetful",),
    "network": ("udp-dropped", "ipv6-filtered", "public-firewall"),
    "nat": ("no-ipv6", "wan-open", "carrier"),
    "routers": ("double-nat", "mapping-denied", "mapping-without-effect", "stun-dropped"),
    "device": (
        *("public-nft", "mapped-nft", "mapped-iptables", "mapped-ufw", "outbound-cut"),
        *("taken-port", "ipv6-off"),
    ),
}
"""Sites that are tried side by side: the labs mostly wait."""
PARAMETERS = [
    pytest.param(
        group, marks=pytest.mark.xdist_group("waiting" if group == "patience" else "crowded")
    )
    for group in GROUPS
]
"""Of many labs at once one test runs, and beside it what does nothing but wait for a router to
forget."""


@pytest.mark.parametrize("group", PARAMETERS)
def test_every_remedy_offered_is_a_cure(
    group: str, record_property: Callable[[str, object], None]
) -> None:
    if absent := needs.missing() or needs.without(needs.LOOP_TOOLS):
        pytest.skip(absent)
    if absent := installed():
        pytest.fail(absent)
    found = follow([row for row in TABLE if row.site in GROUPS[group]])
    for each in found:
        record_property("closed-loop", each.line)
    assert [each.line for each in found if each.faults] == []


def test_the_table_names_a_reason_where_a_cause_stays_or_nothing_is_promised() -> None:
    for row in TABLE:
        for cure in row.cures:
            assert bool(cure.why) == (cure.after == "stays" or cure.promise != "direct"), row.id


def test_every_row_is_followed() -> None:
    assert sorted(name for sites in GROUPS.values() for name in sites) == sorted(
        {row.site for row in TABLE}
    )
