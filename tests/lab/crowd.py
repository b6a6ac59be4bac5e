"""A lab with many sites on one internet, each on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore

from tests.lab import customer, internet, routers
from tests.lab.behavior import two_coturns
from tests.lab.customer import Customer
from tests.lab.internet import Internet
from tests.lab.meeting import End
from tests.lab.namespaces import Lab, Machine
from tests.lab.program import Outcome, Program
from tests.lab.relays import derp_map, relays
from tests.lab.sites import SITES, Outer

BUILDERS = 4
AT_ONE_ROUTER = 2
OTHER_PORT = "45.83.221.50:3479"
"""A STUN server on another port than the relays': it tells a closed port from closed UDP."""


@dataclass(frozen=True, slots=True)
class Member:
    """One site, with the program in it."""

    name: str
    site: Customer
    program: Program
    crowd: Crowd
    turn: Semaphore | None
    """For whoever wants a port of the router: its daemon is quick with two at once, not ten."""

    @property
    def opens_ports(self) -> bool:
        """A port of the router can be had, and is of use."""
        return self.site.site.opens_ports and self.site.site.outer is Outer.NONE

    def check(self, *argv: str) -> Outcome:
        """Measure from here with all that there is: servers with two addresses, and consent to try
        the router where it opens ports."""
        named = (word for each in self.crowd.behavior for word in ("--behavior-server", each))
        consent = ("--map-test",) if self.site.site.opens_ports else ()
        # The lab has no names: what stands in for the servers that are built in is named here.
        more = ("--stun", OTHER_PORT, *named, *consent, *argv)
        return self.program.measure(self.crowd.map_file, *more)

    def end(self, port: int) -> End:
        """An end of a meeting."""
        consent = ("--map-test",) if self.site.site.opens_ports else ()
        argv = ("--port", str(port), "--derp-map", str(self.crowd.map_file), *consent)
        return End(self.program, argv, self.turn)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The internet that they share."""

    internet: Internet
    map_file: Path
    behavior: tuple[str, ...]
    """Servers that can answer from elsewhere (RFC 5780)."""

    def join(self, wanted: Iterable[str]) -> list[Member]:
        """Build these sites, in this order, each on the next line."""
        numbered = list(enumerate(wanted))
        with ThreadPoolExecutor(BUILDERS) as pool:
            return list(pool.map(lambda each: self._join(*each), numbered))

    def _join(self, number: int, name: str) -> Member:
        site = customer.connect(self.internet, SITES[name], customer.line(number))
        routers.furnish(site)
        return self.member(name, site, site.device)

    def member(self, name: str, site: Customer, device: Machine) -> Member:
        """A device at a site."""
        home = self.internet.lab.folder / f"home-{device.name}"
        home.mkdir()
        # Only root may read the rules of a host's firewall.
        program = Program(device, home, as_root=site.site.host_firewall)
        turn = Semaphore(AT_ONE_ROUTER) if site.site.opens_ports else None
        return Member(name, site, program, self, turn)


def build(lab: Lab) -> Crowd:
    """The internet, with its servers, and nobody there yet."""
    fleet = relays()
    net = internet.build(lab)
    internet.serve(net, fleet)
    map_file = lab.folder / "derp-map.json"
    map_file.write_text(json.dumps(derp_map(fleet)))
    return Crowd(net, map_file, two_coturns(net))
