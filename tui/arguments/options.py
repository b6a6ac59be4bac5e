"""The options of a run: what is measured, practised, recorded, shown and kept."""

from __future__ import annotations

import argparse

from tui.arguments.values import (
    LONGEST_RUN_S,
    address,
    host_port,
    port_number,
    said,
    seconds,
    words,
)


def add_run_options(parser: argparse.ArgumentParser, *, below: bool) -> None:
    """The options that the app and `check` share.

    A command's own parser must not write its defaults over what stood before the command, so
    there (`below`) an option that is not given leaves no trace.
    """

    def absent(value: object) -> object:
        return argparse.SUPPRESS if below else value

    measure = parser.add_argument_group("what is measured")
    measure.add_argument(
        "--derp-map",
        metavar="FILE|URL",
        default=absent(""),
        help="Tailscale's DERP map as JSON, instead of the daemon's, the kept or the public one",
    )
    measure.add_argument(
        "--stun",
        dest="stun_below" if below else "stun",
        metavar="HOST[:PORT]",
        action="append",
        type=said(host_port, "a host, or a host and a port"),
        default=absent(None),
        help="also ask this STUN server (may be repeated)",
    )
    measure.add_argument(
        "--behavior-server",
        dest="behavior_server_below" if below else "behavior_server",
        metavar="HOST[:PORT]",
        action="append",
        type=said(host_port, "a host, or a host and a port"),
        default=absent(None),
        help="ask this server (RFC 5780) to answer from elsewhere (may be repeated)",
    )
    measure.add_argument(
        "--gateway",
        metavar="ADDR",
        type=said(address, "an IP address"),
        default=absent(None),
        help="the router's address, where the system does not tell",
    )
    measure.add_argument(
        "--peer",
        metavar="NAME",
        default=absent(""),
        help="the device of your tailnet that this is about: its name, its full name or its "
        "tailnet address; the verdict and the exit status are then of that pair, and Tailscale "
        "pings it for up to ten seconds",
    )
    measure.add_argument(
        "--port",
        metavar="N",
        type=said(port_number, "a port (1 to 65535)"),
        default=absent(None),
        # Shown when there is a check to which it matters: what is not built yet is in no help.
        help=argparse.SUPPRESS,
    )
    measure.add_argument(
        "--only",
        metavar="CHECK[,CHECK]",
        type=said(words, "a list of checks"),
        default=absent(()),
        help="make these checks alone: local, stun, relay-tcp, captive-portal, upnp, nat-pmp, pcp, "
        "behavior, collision, classic, lifetime, hairpin, layers, firewall, environment, tailscale",
    )
    measure.add_argument(
        "--skip",
        metavar="CHECK[,CHECK]",
        type=said(words, "a list of checks"),
        default=absent(()),
        help="leave these checks out",
    )
    measure.add_argument(
        "--with",
        dest="with_",
        metavar="WORD[,WORD]",
        type=said(words, "a list of words"),
        default=absent(()),
        help="do this too: lifetime (takes up to five minutes), hairpin (some firewalls take it "
        "for an attack), cloud-metadata (asks the provider's service inside a cloud for the "
        "public address)",
    )
    measure.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=said(seconds, f"a number of seconds (more than 0, at most {LONGEST_RUN_S:.0f})"),
        default=absent(None),
        help="close the report after so many seconds, with what is known by then",
    )

    measure.add_argument(
        "--map-test",
        action="store_true",
        default=absent(False),
        help="yes: try the router with a port that is opened for a moment and closed again",
    )

    practice = parser.add_argument_group("practice networks and recordings")
    practice.add_argument(
        "--simulate",
        metavar="NAME|list",
        default=absent(None),
        help="measure a practice network in memory; list names them all",
    )
    practice.add_argument(
        "--replay",
        metavar="FILE",
        default=absent(None),
        help="play a recorded run, with its timing, instead of measuring",
    )
    practice.add_argument(
        "--record",
        metavar="FILE",
        default=absent(None),
        help="keep the run as a recording, in an earlier one's place",
    )

    show = parser.add_argument_group("what is shown and kept")
    for option, text in (
        ("--no-save", "write nothing at all: no copy of the relay map, no progress"),
        ("--redact", "mask addresses and names in everything that is shown or recorded"),
        ("--ascii", "draw with ASCII characters alone"),
        ("--reduced-motion", "no animation"),
    ):
        show.add_argument(option, action="store_true", default=absent(False), help=text)
