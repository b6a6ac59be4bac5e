"""What can be typed after `whyrelay`, and how it is read: syntax alone, nothing is opened here."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

from tui.exits import Complaint

T = TypeVar("T")

STUN_PORT = 3478
LONGEST_RUN_S = 3600.0
COMMANDS = ("check", "explain", "pair", "meet", "schema")

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


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise Complaint(f"{self._sentence(message)} See {self.prog} --help.")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is left over is the fault of this very command."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {rest[0]}")
        return found, rest

    def look_over(self, words: Sequence[str]) -> None:
        """Name an unknown option before its value is taken for a command."""
        for word in words:
            if word in COMMANDS:
                return
            option = word.partition("=")[0]
            if re.match(r"--?[A-Za-z]", word) and option not in self._option_string_actions:
                self.error(f"unrecognized arguments: {word}")

    def _sentence(self, message: str) -> str:
        unknown = re.fullmatch(r"unrecognized arguments: (.*)", message, re.DOTALL)
        if unknown:
            return self._unknown(unknown[1])
        command = re.fullmatch(r"argument COMMAND: invalid choice: '(.*?)' .*", message, re.DOTALL)
        if command:
            return f"There is no command {command[1]!r}; there are {_listed(COMMANDS)}."
        message = re.sub(r"^argument (.*?): ", r"\1: ", message).rstrip(".")
        return f"{message}."

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word!r} is one word too many."
        option = word.partition("=")[0]
        if option in ("--json", "--plain"):
            return f"{option} belongs to check: whyrelay check {option}."
        close = get_close_matches(option, self._option_string_actions, n=1, cutoff=0.75)
        return f"There is no option {option}" + (f"; did you mean {close[0]}?" if close else ".")


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def host_port(text: str) -> tuple[str, int]:
    """HOST, HOST:PORT, an IPv6 address, or one in brackets with a port. Raises ValueError."""
    host, port = text, ""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError
        port = rest[1:] if rest else str(STUN_PORT)
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:  # more than one colon: an IPv6 address without a port
        port = str(STUN_PORT)
    if not re.fullmatch(r"[^\s\x00-\x1f\x7f/@\[\]]{1,253}", host):
        raise ValueError
    if ":" in host and not re.fullmatch(r"[0-9A-Fa-f:.]+(%[\w.-]+)?", host):
        raise ValueError
    return host, port_number(port)


def port_number(text: str) -> int:
    """A port to send to. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 0xFFFF):
        raise ValueError
    return int(text)


def seconds(text: str) -> float:
    """A time limit. Raises ValueError."""
    found = float(text)
    if not 0 < found <= LONGEST_RUN_S:  # not a number, too: it compares false
        raise ValueError
    return found


def words(text: str) -> tuple[str, ...]:
    """Words between commas. Raises ValueError where there is none."""
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise ValueError
    return found


def _said(read: Callable[[str], T], wants: str) -> Callable[[str], T]:
    """`read`, with an error that says what was wanted."""

    def reader(text: str) -> T:
        try:
            return read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wants}") from None

    return reader


def _address(text: str) -> str:
    from ipaddress import ip_address

    return str(ip_address(text))


def _add_run_options(parser: argparse.ArgumentParser, *, below: bool) -> None:
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
        type=_said(host_port, "a host, or a host and a port"),
        default=absent(None),
        help="also ask this STUN server (may be repeated)",
    )
    measure.add_argument(
        "--behavior-server",
        dest="behavior_server_below" if below else "behavior_server",
        metavar="HOST[:PORT]",
        action="append",
        type=_said(host_port, "a host, or a host and a port"),
        default=absent(None),
        help="ask this server (RFC 5780) to answer from elsewhere (may be repeated)",
    )
    measure.add_argument(
        "--gateway",
        metavar="ADDR",
        type=_said(_address, "an IP address"),
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
        type=_said(port_number, "a port (1 to 65535)"),
        default=absent(None),
        # Shown when there is a check to which it matters: what is not built yet is in no help.
        help=argparse.SUPPRESS,
    )
    measure.add_argument(
        "--only",
        metavar="CHECK[,CHECK]",
        type=_said(words, "a list of checks"),
        default=absent(()),
        help="make these checks alone: local, stun, relay-tcp, captive-portal, upnp, nat-pmp, pcp, "
        "behavior, collision, classic, lifetime, hairpin, layers, firewall, environment, tailscale",
    )
    measure.add_argument(
        "--skip",
        metavar="CHECK[,CHECK]",
        type=_said(words, "a list of checks"),
        default=absent(()),
        help="leave these checks out",
    )
    measure.add_argument(
        "--with",
        dest="with_",
        metavar="WORD[,WORD]",
        type=_said(words, "a list of words"),
        default=absent(()),
        help="do this too: lifetime (takes up to five minutes), hairpin (some firewalls take it "
        "for an attack), cloud-metadata (asks the provider's service inside a cloud for the "
        "public address)",
    )
    measure.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_said(seconds, f"a number of seconds (more than 0, at most {LONGEST_RUN_S:.0f})"),
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
        ("--no-save", "write nothing at all: no copy of the relay map, no salt"),
        ("--redact", "mask addresses and names in everything that is shown or recorded"),
        ("--ascii", "draw with ASCII characters alone"),
        ("--reduced-motion", "no animation"),
    ):
        show.add_argument(option, action="store_true", default=absent(False), help=text)


def parser() -> _Parser:
    """The whole command line."""
    top = _Parser(
        prog="whyrelay",  # it would be __main__.py under `python -m tui`
        description="Finds out why a connection is relayed instead of direct. "
        "Without a command it opens the app.",
        epilog=_EPILOG,
    )
    top.add_argument("--version", action="store_true", help="print the version and stop")
    top.add_argument("--plain", action="store_true", help="numbered text instead of the app")
    _add_run_options(top, below=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    check = commands.add_parser(
        "check",
        help="measure and conclude, without a screen",
        description="Measures this network and says what follows from it, without a screen.",
        epilog=_EPILOG,
    )
    form = check.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object (schema whyrelay/1)")
    form.add_argument(
        "--plain",
        action="store_true",
        default=argparse.SUPPRESS,
        help="readable text, line by line (the default)",
    )
    _add_run_options(check, below=True)
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
    form = pair.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="one JSON object (schema whyrelay-pair/1)"
    )
    form.add_argument(
        "--plain",
        action="store_true",
        default=argparse.SUPPRESS,
        help="readable text, line by line (the default)",
    )
    _add_run_options(pair, below=True)


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
        type=_said(port_number, "a port (1 to 65535)"),
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
        type=_said(seconds, f"a number of seconds (more than 0, at most {LONGEST_RUN_S:.0f})"),
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
        type=_said(host_port, "a host, or a host and a port"),
        default=argparse.SUPPRESS,
        help="also ask this STUN server (may be repeated)",
    )
    measure.add_argument(
        "--gateway",
        metavar="ADDR",
        type=_said(_address, "an IP address"),
        default=argparse.SUPPRESS,
        help="the router's address, where the system does not tell",
    )
    measure.add_argument(
        "--no-save",
        action="store_true",
        default=argparse.SUPPRESS,
        help="keep nothing; then no port of the router is tried either",
    )


def _add_forms(parser: argparse.ArgumentParser, schema: str) -> None:
    """How an answer is written that needs no run of its own."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=f"one JSON object (schema {schema})")
    form.add_argument(
        "--plain",
        action="store_true",
        default=argparse.SUPPRESS,
        help="readable text, line by line (the default)",
    )
    for option, text in (
        ("--redact", "mask addresses and names in everything that is shown"),
        ("--ascii", "write with ASCII characters alone"),
    ):
        parser.add_argument(option, action="store_true", default=argparse.SUPPRESS, help=text)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line. Raises Complaint; `--help` ends the program as argparse does."""
    top = parser()
    top.look_over(arguments)
    found = top.parse_args(arguments)
    found.stun = (*(found.stun or ()), *getattr(found, "stun_below", ()))
    below = getattr(found, "behavior_server_below", ())
    found.behavior_server = (*(found.behavior_server or ()), *below)
    return found
