"""Servers with two addresses, and what stands between them and the program."""

from __future__ import annotations

import re
import sys

from tests.lab.internet import Internet, expect_ready, python_env
from tests.lab.namespaces import Machine, await_until
from tests.lab.place import Place
from tests.lab.program import Outcome
from tests.lab.routers import coturn
from tests.lab.servers.elsewhere import Claim

STUND, STUND_OTHER = "45.83.221.70", "45.83.222.70"
LIAR, LIAR_OTHER = "45.83.220.80", "45.83.222.80"


def two_coturns(internet: Internet) -> tuple[str, str]:
    """Two real servers of different operators."""
    return (
        coturn(internet, "45.83.221.50", "45.83.222.50"),
        coturn(internet, "45.83.220.60", "45.83.221.60"),
    )


def stund(internet: Internet) -> str:
    """A real server of RFC 3489; its address."""
    machine = internet.servers
    machine.ip(f"address replace {STUND}/32 dev lo\naddress replace {STUND_OTHER}/32 dev lo")
    machine.start(("stund", "-h", STUND, "-a", STUND_OTHER, "-p", "3478", "-o", "3479"))
    await_listening(machine, STUND)
    return STUND


def liar(internet: Internet, claim: Claim) -> str:
    """A server that cannot do what it claims; its address."""
    machine = internet.servers
    machine.ip(f"address replace {LIAR}/32 dev lo\naddress replace {LIAR_OTHER}/32 dev lo")
    argv = (sys.executable, "-m", "tests.lab.servers.elsewhere", LIAR, LIAR_OTHER, claim)
    expect_ready(machine.start(argv, env=python_env()))
    return LIAR


def await_listening(machine: Machine, address: str) -> None:
    """Wait until something listens on the address's STUN port."""
    pattern = rf"{re.escape(address)}:3478\s"
    await_until(
        f"{address} listens",
        lambda: re.search(pattern, machine.run(("ss", "-Hlnu")).stdout) is not None,
    )


def ask(place: Place, *servers: str, more: tuple[str, ...] = ()) -> Outcome:
    """Measure with these servers."""
    named = (word for server in servers for word in ("--behavior-server", server))
    return place.check("--no-save", *named, *more)


def sign_in_page(place: Place) -> None:
    """Everything on port 80 leads to the router's own page."""
    router = place.site.router
    assert router is not None
    address = f"{place.site.line.lan}.1"
    argv = (sys.executable, "-m", "tests.lab.servers.portal", address, "8081")
    expect_ready(router.start(argv, env=python_env()))
    router.nft(
        f"""
        table ip portal {{
          chain hijack {{
            type nat hook prerouting priority dstnat
            iifname "lan0" tcp dport 80 dnat to {address}:8081
          }}
        }}
        """
    )
