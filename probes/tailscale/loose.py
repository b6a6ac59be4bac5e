"""Reading JSON whose form may be older or newer than this program knows.

A value that is missing or of another kind is noted and replaced by "not said", never an error: half
an answer is worth more than none. Only text that is no JSON object at all is refused.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeVar

from probes.clean import clean
from probes.model import Endpoint, IPAddress

T = TypeVar("T")

MOST_NOTES = 40
"""More kinds of strangeness than these tell nothing new."""


_IP_TEXT = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:%[0-9A-Za-z_.-]{1,32})?")
"""Python takes any text for an IPv6 zone, escape sequences included."""
_ENDPOINT_TEXT = re.compile(rf"(?:\[{_IP_TEXT.pattern}\]|[0-9.]+):[0-9]{{1,5}}")


class Unreadable(ValueError):
    """The text is not what it should be at all. One sentence."""


def json_object(text: str | bytes, what: str, most: int) -> dict[str, Any]:
    """The first JSON object in the text, whatever stands around it. Raises Unreadable."""
    if len(text) > most:
        raise Unreadable(f"{what} is larger than {most // 1_000_000} MB, so it was not read.")
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    start = text.find("{")
    if start < 0:
        raise Unreadable(f"{what} is not JSON.")
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        raise Unreadable(f"{what} is not JSON.") from None
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not a JSON object.")
    return value


def address_of(text: str) -> IPAddress:
    """An IP address and nothing else. Raises ValueError."""
    try:  # four times as fast, and a large tailnet has tens of thousands of them
        if "%" in text:
            pass  # some systems' reader would drop the zone
        elif ":" in text:
            return IPv6Address(socket.inet_pton(socket.AF_INET6, text))
        else:
            return IPv4Address(socket.inet_pton(socket.AF_INET, text))
    except OSError:
        pass  # what the system's reader does not take
    if not _IP_TEXT.fullmatch(text):
        raise ValueError("not an IP address")
    return ip_address(text)


def endpoint_of(text: str) -> Endpoint:
    """An address with a port and nothing else. Raises ValueError."""
    if not _ENDPOINT_TEXT.fullmatch(text):
        raise ValueError("not an address with a port")
    return Endpoint.parse(text)


class Loose:
    """One JSON object, read key by key. What does not fit is added to `notes`."""

    __slots__ = ("notes", "values", "where")

    def __init__(self, values: Mapping[str, Any], notes: dict[str, None], where: str = "") -> None:
        """`where` precedes the key in a note; `notes` is shared (a dict keeps order, once each)."""
        self.values = values
        self.notes = notes
        self.where = where

    def note(self, text: str) -> None:
        """Something did not fit."""
        if len(self.notes) < MOST_NOTES:
            self.notes[clean(f"{self.where}{text}", 120)] = None

    def _of(self, key: str, kind: type[T], *, needed: bool) -> T | None:
        found = self.values.get(key)
        if found is None:
            if needed and key not in self.values:
                self.note(f"{key} is missing")
            return None
        # bool is an int to isinstance, but not to JSON.
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            self.note(f"{key} is {type(found).__name__}")
            return None
        return found

    def text(self, key: str, *, needed: bool = False) -> str:
        """Cleaned text, "" where it is not said."""
        found = self.values.get(key)
        if not isinstance(found, str):  # seldom; a large tailnet has tens of thousands that are
            found = self._of(key, str, needed=needed)
        return clean(found) if found else ""

    def flag(self, key: str, *, needed: bool = False) -> bool | None:
        """True or false, None where it is not said (null is what netcheck writes for that)."""
        found = self.values.get(key)
        if found is True or found is False:
            return found
        return self._of(key, bool, needed=needed)

    def number(self, key: str, *, needed: bool = False) -> int | None:
        """A whole number, None where it is not said."""
        return self._of(key, int, needed=needed)

    def items(self, key: str, *, needed: bool = False) -> list[Any]:
        """An array's items; null is how Go writes an empty one."""
        return self._of(key, list, needed=needed) or []

    def texts(self, key: str, *, needed: bool = False) -> list[str]:
        """An array's texts, as they are: not cleaned."""
        found = self.items(key, needed=needed)
        texts = [each for each in found if isinstance(each, str)]
        if len(texts) < len(found):
            self.note(f"{key} holds something that is not text")
        return texts

    def mapping(self, key: str, *, needed: bool = False) -> dict[str, Any]:
        """An object's entries; null is how Go writes an empty one."""
        return self._of(key, dict, needed=needed) or {}

    def addresses(self, key: str) -> tuple[IPAddress, ...]:
        """An array of IP addresses."""
        found: list[IPAddress] = []
        for each in self.texts(key):
            try:
                found.append(address_of(each))
            except ValueError:
                self.note(f"{key} holds something that is no IP address")
        return tuple(found)

    def endpoint(self, text: str, key: str) -> Endpoint | None:
        """An address with a port; "" is none."""
        if not text:
            return None
        try:
            return endpoint_of(text)
        except ValueError:
            self.note(f"{key} holds something that is no address with a port")
            return None

    def unknown_keys(self, known: frozenset[str]) -> None:
        """Note the keys that this program does not know."""
        for key in self.values:
            if key not in known:
                self.note(f"{key} is new")
