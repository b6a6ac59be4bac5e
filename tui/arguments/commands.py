"""The whole command line: the options of the app, and a parser for each command."""

from __future__ import annotations

import argparse
from typing import Any

from tui.arguments.options import add_run_options
from tui.arguments.sentences import Parser
from tui.arguments.values import LONGEST_RUN_S, address, host_port, port_number, said, seconds

_EPILOG = """\
exit status:
  0    direct connections are to be expected
  1    relayed, or it depends
  2    wrong usage, or a file that cannot be read or written
  3    could not tell
  70   a fault of the program
  130  interrupted
"""

_MEET_EPILOG = """\
over ssh:
  mkfifo back
  whyrelay meet --via - <back | ssh OTHER whyrelay meet --via - >back

exit status:
  0    direct
  1    not direct
  2    wrong usage, or a folder or a line that cannot be used
  3    the other device did not come, or there is no network to meet over
  70   a fault of the program
  130  interrupted
"""


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="whyrelay",  # it would be __main__.py under `python -m tui`
        description="Finds out why a connection is relayed instead of direct. "
        "Without a command it opens the app.",
        epilog=_EPILOG,
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    top.add_argument("--plain", action="store_true", help="numbered text instead of the app")
    add_run_options(top, below=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    check = commands.add_parser(
        "check",
        help="measure and conclude, without a screen",
        description="Measures this network and says what follows from it, without a screen.",
        epilog=_EPILOG,
    )
    _add_form(check, "whyrelay/1")
    add_run_options(check, below=True)
    _add_explain(commands)
    _add_pair(commands)
    _add_meet(commands)
    schema = commands.add_parser(
        "schema",
        help="print a JSON Schema",
        description="Prints the JSON Schema of what this program writes.",
    )
    schema.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default="whyrelay/1",
        help="whyrelay/1 (check --json, the default), whyrelay-pair/1, whyrelay-meet/1 or "
        "whyrelay-events/1 (recordings)",
    )
    return top


def _add_explain(commands: Any) -> None:
    explain = commands.add_parser(
        "explain",
        help="read a tailscale netcheck, status or ping output, or a saved report",
        description="Reads what was measured elsewhere, and says what follows from it: the output "
        "of tailscale netcheck, status or ping (text or JSON, of any version, with whatever "
        "stands around it), a report of check --json, or a recording.",
        epilog=_EPILOG,
    )
    explain.add_argument("input", metavar="FILE|-", help="a file, or - for standard input")
    _add_forms(explain, "whyrelay/1")


def _add_pair(commands: Any) -> None:
    pair = commands.add_parser(
        "pair",
        help="predict what two devices will do",
        description="Predicts whether two devices will connect directly, and which single change "
        "would make them. Each side is a file that explain takes, or - for this network, measured "
        "now.",
        epilog=_EPILOG,
    )
    pair.add_argument("a", metavar="A", help="one side: a file, or - for this network")
    pair.add_argument("b", metavar="B", help="the other side")
    _add_form(pair, "whyrelay-pair/1")
    add_run_options(pair, below=True)


def _add_meet(commands: Any) -> None:
    meet = commands.add_parser(
        "meet",
        help="have two devices try to reach each other, now",
        description="Two devices try UDP at each other as a VPN would, and say whether it went "
        "direct. Run the same command on both. They tell each other where to aim through a folder "
        "that both see, or through text: what each writes is given to the other.",
        epilog=_MEET_EPILOG,
    )
    meet.add_argument(
        "--via",
        metavar="FOLDER|-",
        required=True,
        help="a folder that both devices see, or - for standard output and input",
    )
    _add_forms(meet, "whyrelay-meet/1")
    measure = meet.add_argument_group("how it is tried")
    measure.add_argument(
        "--port",
        metavar="N",
        type=said(port_number, "a port (1 to 65535)"),
        default=argparse.SUPPRESS,
        help="the UDP port to send from (default: 41641 if it is free, else any)",
    )
    measure.add_argument(
        "--map-test",
        action="store_true",
        default=argparse.SUPPRESS,
        help="yes: have the router open a port for the meeting, and close it again",
    )
    measure.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=said(seconds, f"a number of seconds (more than 0, at most {LONGEST_RUN_S:.0f})"),
        default=argparse.SUPPRESS,
        help="wait so long for the other device (default: 600)",
    )
    measure.add_argument(
        "--derp-map",
        metavar="FILE|URL",
        default=argparse.SUPPRESS,
        help="Tailscale's DERP map as JSON: its first relays are asked for this device's address",
    )
    measure.add_argument(
        "--stun",
        dest="stun_below",
        metavar="HOST[:PORT]",
        action="append",
        type=said(host_port, "a host, or a host and a port"),
        default=argparse.SUPPRESS,
        help="also ask this STUN server (may be repeated)",
    )
    measure.add_argument(
        "--gateway",
        metavar="ADDR",
        type=said(address, "an IP address"),
        default=argparse.SUPPRESS,
        help="the router's address, where the system does not tell",
    )
    measure.add_argument(
        "--no-save",
        action="store_true",
        default=argparse.SUPPRESS,
        help="keep nothing; then no port of the router is tried either",
    )


def _add_form(parser: argparse.ArgumentParser, schema: str) -> None:
    """JSON or text."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=f"one JSON object (schema {schema})")
    form.add_argument(
        "--plain",
        action="store_true",
        default=argparse.SUPPRESS,
        help="readable text, line by line (the default)",
    )


def _add_forms(parser: argparse.ArgumentParser, schema: str) -> None:
    """How an answer is written that needs no run of its own."""
    _add_form(parser, schema)
    for option, text in (
        ("--redact", "mask addresses and names in everything that is shown"),
        ("--ascii", "write with ASCII characters alone"),
    ):
        parser.add_argument(option, action="store_true", default=argparse.SUPPRESS, help=text)
