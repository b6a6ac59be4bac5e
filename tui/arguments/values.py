"""How the values of options are read: a host, a port, seconds, words between commas."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STUN_PORT = 3478
LONGEST_RUN_S = 3600.0


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


def said(read: Callable[[str], T], wants: str) -> Callable[[str], T]:
    """`read`, with an error that says what was wanted."""

    def reader(text: str) -> T:
        try:
            return read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wants}") from None

    return reader


def address(text: str) -> str:
    """An IP address. Raises ValueError."""
    from ipaddress import ip_address

    return str(ip_address(text))
