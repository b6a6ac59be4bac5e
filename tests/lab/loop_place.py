"""Two customer lines in one lab, with the installed program at the end of each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from probes.report import Report
from tests.lab import customer, internet
from tests.lab.customer import LINE_A, LINE_B, Customer
from tests.lab.internet import Internet
from tests.lab.meeting import End as Talker
from tests.lab.meeting import Met, by_chance, meet
from tests.lab.namespaces import Lab, LabError
from tests.lab.program import SCRIPT, Program
from tests.lab.relays import derp_map, relays
from tests.lab.routers import coturn
from tests.lab.servers.stun import Manner, StunServer
from tests.lab.sites import Site
from tui.json_view import report_from_json

ELSEWHERE = (
    StunServer("45.83.221.77", 19302, Manner.PLAIN, delay_ms=5.0),
    StunServer("2a0e:b107:f00:221::77", 19302, Manner.PLAIN, delay_ms=5.0),
)
"""Servers that are no relays, on a port that is not STUN's own."""
PORTS = (19303, 19304)
"""Of the server with two addresses: a block of STUN's own port leaves it alone."""
OTHER_PORT = 20641
"""For a second meeting."""
Hand: TypeAlias = "Callable[[Ends, End], None]"
"""Changes something at an end that is connected: a daemon on its router, a rule on its device."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A kind of connection as the loop uses it: a site, and what runs at it."""

    site: Site
    prepare: Hand | None = None
    ask: tuple[str, ...] = ("--skip", "environment,tailscale,classic,captive-portal")
    """Options of `check`. What the machine that runs the lab is made of says nothing here."""
    as_root: bool = False
    """The person may read the firewall's rules (sudo whyrelay)."""


@dataclass(frozen=True, slots=True)
class End:
    """One end: its machines, and the program there."""

    customer: Customer
    program: Program
    spot: Spot


@dataclass(slots=True)
class Ends:
    """Both, in one internet. `near` is whose causes are looked for."""

    net: Internet
    map_file: Path
    server: str
    """A server with two addresses (RFC 5780)."""
    near: End
    far: End | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    """The values that the program puts into the steps of the change at hand."""

    @property
    def folder(self) -> Path:
        """Where files of this lab may lie."""
        return self.net.lab.folder

    def measure(self, end: End) -> Measured:
        """`whyrelay check` at one end, with consent to test mappings."""
        outcome = end.program.measure(
            self.map_file,
            *("--behavior-server", self.server, "--map-test"),
            *("--stun", f"{ELSEWHERE[0].address}:{ELSEWHERE[0].port}"),
            *("--stun", f"[{ELSEWHERE[1].address}]:{ELSEWHERE[1].port}"),
            *end.spot.ask,
        )
        return Measured(outcome.status, outcome.json)

    def meet(self, foretold: str) -> str:
        """`whyrelay meet` at both ends: "direct" or "relayed", by what the packets did.

        The far end starts: where it matters who does, that is the bad case.
        """
        met = self._meet()
        if met[0].direct and foretold == "relayed" and by_chance(met):
            print(f"MET AGAIN: the ports of {met[0].said['endpoint']} fitted by chance")
            met = self._meet("--port", str(OTHER_PORT))  # else the router has the flow in mind
        result = str(met[0].said["result"])
        if result != foretold:
            print(f"CONTRADICTED: foretold {foretold}, {json.dumps([each.said for each in met])}")
        return result

    def _meet(self, *more: str) -> tuple[Met, Met]:
        assert self.far is not None
        argv = ("--derp-map", str(self.map_file), "--map-test", *more)
        near, far = meet((Talker(self.near.program, argv), Talker(self.far.program, argv)), first=1)
        if near.direct is not far.direct:
            raise LabError(f"the two ends do not agree: {near}, {far}")
        assert {near.status, far.status} == {0 if near.direct else 1}
        return near, far


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of `check --json` said."""

    status: int
    said: Any

    @property
    def causes(self) -> dict[str, str]:
        """The weight of each cause."""
        return {cause["id"]: cause["weight"] for cause in self.said["causes"]}

    @property
    def report(self) -> Report:
        """The report that it is made of, as the program reads it from a file."""
        return report_from_json(self.said)


def build(lab: Lab, near: Spot, far: Spot | None) -> Ends:
    """The internet, with one or both ends connected and prepared."""
    net = internet.build(lab)
    fleet = relays()
    internet.serve(net, fleet, ELSEWHERE)
    map_file = lab.folder / "derp-map.json"
    map_file.write_text(json.dumps(derp_map(fleet)))
    server = f"{coturn(net, ports=PORTS)}:{PORTS[0]}"
    ends = Ends(net, map_file, server, _end(net, near, LINE_A))
    _prepare(ends, ends.near)
    if far is not None:
        ends.far = _end(net, far, LINE_B)
        _prepare(ends, ends.far)
    return ends


def _prepare(ends: Ends, end: End) -> None:
    if end.spot.prepare is not None:
        end.spot.prepare(ends, end)


def _end(net: Internet, spot: Spot, line: customer.Line) -> End:
    connected = customer.connect(net, spot.site, line)
    home = net.lab.folder / f"home-{line.letter}"
    home.mkdir()
    path = os.pathsep.join((str(bin_of(net)), str(SCRIPT.parent), os.environ.get("PATH", "")))
    program = Program(connected.device, home, as_root=spot.as_root, env={"PATH": path})
    return End(connected, program, spot)


def bin_of(net: Internet) -> Path:
    """Programs in this folder of a lab come first."""
    return net.lab.folder / "bin"


def predicted(ends: Ends, near: Measured, far: Measured) -> Any:
    """What `whyrelay pair` says of two reports."""
    files = []
    for name, measured in (("near", near), ("far", far)):
        files.append(ends.folder / f"{name}.json")
        files[-1].write_text(json.dumps(measured.said))
    return ends.near.program.run("pair", "--json", *map(str, files)).json
