"""Asking the tailscale program: where it is on each system, and each way in which it fails."""

from __future__ import annotations

import pytest

from probes.network.simulated import run_virtual
from probes.tailscale.cli import (
    ON_PATH,
    PLACES,
    Outcome,
    Program,
    Said,
    Silent,
    Trouble,
    ask,
    find,
)
from tests.unit.scripted import Prints, Script, ScriptedNetwork, local_view

MAC = (
    "/usr/bin/env",
    "TAILSCALE_BE_CLI=1",
    "/Applications/Tailscale.app/Contents/MacOS/Tailscale",
)
WINDOWS = r"C:\Program Files\Tailscale\tailscale.exe"


def _only(*argv: str) -> Script:
    def run(command: tuple[str, ...], _times: int) -> Prints | None:
        if command[: len(argv)] == argv:
            return Prints("1.92.5\n")
        # env is everywhere; without the app it says 127.
        return Prints("", "env: no such file", 127) if command[0] == "/usr/bin/env" else None

    return run


@pytest.mark.parametrize(
    ("system", "there", "expected"),
    [
        ("linux", ("tailscale",), ON_PATH),
        ("darwin", ("tailscale",), ON_PATH),
        ("darwin", MAC, Program(MAC)),
        ("win32", (WINDOWS,), Program((WINDOWS,))),
        ("linux", ("/snap/bin/tailscale",), Program(("/snap/bin/tailscale",))),
    ],
)
def test_the_program_is_found_where_each_system_has_it(
    system: str, there: tuple[str, ...], expected: Program
) -> None:
    network = ScriptedNetwork(_only(*there), view=local_view(system))
    assert run_virtual(find(network.as_network())) == expected


@pytest.mark.parametrize("system", [*PLACES, "freebsd14", "sunos5"])
def test_no_program_anywhere(system: str) -> None:
    network = ScriptedNetwork(_only("other"), view=local_view(system))
    assert run_virtual(find(network.as_network())) is None


def test_a_program_that_hangs_at_its_version_is_still_there() -> None:
    network = ScriptedNetwork(lambda _argv, _times: Prints(takes_s=60))
    assert run_virtual(find(network.as_network())) == ON_PATH


def _ask(prints: Prints | None) -> Outcome:
    network = ScriptedNetwork(lambda _argv, _times: prints)
    return run_virtual(
        ask(network.as_network(), ON_PATH, ("status", "--json"), timeout_s=2.0, most=1000)
    )


@pytest.mark.parametrize(
    ("stderr", "trouble"),
    [
        (
            "failed to connect to local tailscaled; it doesn't appear to be running "
            "(sudo systemctl start tailscaled ?)",
            Trouble.NO_DAEMON,
        ),
        ("failed to connect to local Tailscale service; is Tailscale running?", Trouble.NO_DAEMON),
        (
            "Failed to connect to local Tailscale daemon for /localapi/v0/status; not running? "
            "Error: dial unix /var/run/tailscale/tailscaled.sock: connect: no such file",
            Trouble.NO_DAEMON,
        ),
        (
            "Failed to connect to local Tailscale daemon for /localapi/v0/status; not running? "
            "Error: dial unix /var/run/tailscale/tailscaled.sock: connect: permission denied",
            Trouble.NO_RIGHTS,
        ),
        ("Access denied: status access denied", Trouble.NO_RIGHTS),
        ("The Tailscale GUI failed to start", Trouble.NO_DAEMON),
        ("flag provided but not defined: -json", Trouble.REFUSED),
        ("", Trouble.REFUSED),
    ],
)
def test_each_complaint_is_a_trouble_of_its_own(stderr: str, trouble: Trouble) -> None:
    assert _ask(Prints("", stderr, 1)) == Silent(trouble, stderr)


def test_no_answer_in_time_and_too_much_of_one() -> None:
    assert _ask(Prints("{}", takes_s=3.0)) == Silent(Trouble.HANGS, "")
    assert _ask(Prints("x" * 1001)) == Silent(Trouble.TOO_MUCH, "")
    assert _ask(None) == Silent(Trouble.NOT_INSTALLED, "")


def test_output_beside_an_error_status_is_an_answer() -> None:
    assert _ask(Prints("{}", "note\n\x1b[31mred", 1)) == Said(b"{}", "note\n\\x1b[31mred", 1)
