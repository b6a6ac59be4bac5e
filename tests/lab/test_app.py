"""The app in a terminal at a lab site: a person measures a network and reads what it means."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

import pytest

from tests.lab.place import Place
from tests.lab.terminal import Terminal, open_terminal
from tests.patience import UNHURRIED_S

At = Callable[..., Place]


@pytest.fixture
def app(at: At) -> Callable[..., Terminal]:
    """Starts the app at a site: ``app("easy-home", size=(80, 24))``."""
    if shutil.which("tmux") is None:
        pytest.skip("the app's lab tests need tmux (Debian: apt-get install tmux)")

    def start(name: str, size: tuple[int, int] = (80, 24), **wishes: object) -> Terminal:
        place = at(name, **wishes)
        return open_terminal(
            place.site.device,
            place.map_file.with_name("terminal"),
            place.program.command(("--derp-map", str(place.map_file))),
            place.program.environment(),
            size,
        )

    return start


@pytest.mark.parametrize(
    ("name", "measured", "concluded"),
    [
        ("easy-home", "3 answers agree", "easy NAT"),
        ("hard-home", "3 of 3 relays answered", "hard NAT"),
        ("public", "3 of 3 relays answered", "no NAT"),
        ("ipv6-works", "3 answers agree", "[2a0e:"),
    ],
)
def test_the_walk(app: Callable[..., Terminal], name: str, measured: str, concluded: str) -> None:
    terminal = app(name)
    terminal.shows("Choose", "This network")
    terminal.press("Enter")
    terminal.shows("Relay latency", "nyc", measured)
    terminal.press("n")
    terminal.shows("● Understand", "What netcheck reports", concluded)
    terminal.resize(120, 36)
    terminal.shows("MappingVariesByDestIP", "Nearest DERP", concluded)
    terminal.resize(80, 24)
    terminal.press("n")
    terminal.shows("● Fix")
    terminal.press("n")
    terminal.shows("● Prove")
    left = time.monotonic()
    terminal.press("q")
    assert terminal.status() == 0
    assert time.monotonic() - left < UNHURRIED_S
    assert terminal.faults() == []


def test_the_smallest_window(app: Callable[..., Terminal]) -> None:
    terminal = app("hard-home", size=(60, 18))
    terminal.shows("This network")
    terminal.press("Enter")
    terminal.shows("● Measure")
    terminal.press("n")
    terminal.shows("● Understand", "hard NAT")
    terminal.resize(120, 36)
    terminal.shows("MappingVariesByDestIP", "hard NAT")
    terminal.press("q")
    assert terminal.status() == 0


def test_quitting_while_nothing_answers(app: Callable[..., Terminal]) -> None:
    terminal = app("all-dropped")
    terminal.shows("This network")
    terminal.press("Enter")
    terminal.shows("● Measure")
    left = time.monotonic()
    terminal.press("q")
    assert terminal.status() == 0
    assert time.monotonic() - left < UNHURRIED_S
    assert terminal.faults() == []


@pytest.mark.parametrize(("signal", "status"), [("INT", 130), ("TERM", 143), ("HUP", 129)])
def test_the_terminal_is_restored_after(
    app: Callable[..., Terminal], signal: str, status: int
) -> None:
    terminal = app("all-dropped")
    terminal.shows("This network")
    terminal.signal(signal)
    assert terminal.status() == status
    assert terminal.faults() == []


def test_ctrl_c(app: Callable[..., Terminal]) -> None:
    terminal = app("all-dropped")
    terminal.shows("This network")
    terminal.press("C-c")
    assert terminal.status() == 130
    assert terminal.faults() == []
