"""A whole lab in one call: the internet with its relays, and a site with the program in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab import customer, internet, routers
from tests.lab.customer import Customer
from tests.lab.internet import Internet
from tests.lab.namespaces import Lab
from tests.lab.program import Outcome, Program
from tests.lab.relays import Relay, derp_map, relays
from tests.lab.servers.stun import StunServer
from tests.lab.sites import SITES


@dataclass(frozen=True, slots=True)
class Place:
    """A site that is connected, and what a test needs of it."""

    internet: Internet
    site: Customer
    map_file: Path
    """The DERP map of the relays."""
    program: Program

    def check(self, *argv: str) -> Outcome:
        """Measure from here."""
        return self.program.check(self.map_file, *argv)

    def forbid_binding(self) -> Place:
        """The same place, for a program that may not choose its interface."""
        return replace(self, program=replace(self.program, may_bind=False))


def build(
    lab: Lab,
    name: str,
    *,
    fleet: Sequence[Relay] | None = None,
    besides: Iterable[StunServer] = (),
    loss_percent: int = 0,
    delay_ms: float = 0.0,
) -> Place:
    """Build the site called `name` in a fresh lab, with its internet."""
    fleet = relays() if fleet is None else fleet
    net = internet.build(lab, loss_percent=loss_percent, delay_ms=delay_ms)
    site = customer.connect(net, SITES[name])
    internet.serve(net, fleet, besides)
    routers.furnish(site)
    map_file = lab.folder / "derp-map.json"
    map_file.write_text(json.dumps(derp_map(fleet)))
    home = lab.folder / "home"
    home.mkdir()
    return Place(net, site, map_file, Program(site.device, home))
