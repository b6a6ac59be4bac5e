"""Reads TOML values into frozen dataclasses by tables, and refuses whatever the tables lack.

Every error is one sentence that names the file's key by its path: ``box.router.nat.mapping``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from typing import Any, Protocol, TypeAlias, TypeVar

from probes.model import Endpoint, IPAddress
from probes.readings.local import IPInterface

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K = TypeVar("K")
E = TypeVar("E", bound=Enum)


class ScenarioError(ValueError):
    """A practice network cannot be had. One sentence, for a person."""


Path: TypeAlias = tuple[str, ...]


class Reader(Protocol[T_co]):
    """Reads one TOML value. Raises ScenarioError."""

    def __call__(self, value: object, path: Path) -> T_co:
        """The value as the program wants it."""


def shown(path: Path) -> str:
    """A key's path as a person writes it."""
    return ".".join(path) or "the file"


def closest(word: str, words: Iterable[str]) -> str:
    """`` (did you mean X?)`` where there is something like it, else nothing."""
    found = difflib.get_close_matches(word, list(words), 1, 0.5)
    return f" (did you mean {found[0]}?)" if found else ""


def _wrong(value: object, path: Path, wanted: str) -> ScenarioError:
    text = repr(value)
    if len(text) > 60:
        text = text[:59] + "…"
    return ScenarioError(f"{shown(path)} is {text}, but must be {wanted}.")


def text(value: object, path: Path) -> str:
    """Any string."""
    if not isinstance(value, str):
        raise _wrong(value, path, "a text")
    return value


def boolean(value: object, path: Path) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise _wrong(value, path, "true or false")
    return value


def integer(low: int, high: int) -> Reader[int]:
    """A whole number from low to high."""

    def read(value: object, path: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _wrong(value, path, f"a whole number from {low} to {high}")
        return value

    return read


def number(low: float, high: float) -> Reader[float]:
    """A number from low to high."""

    def read(value: object, path: Path) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= float(value) <= high:  # type: ignore[arg-type]
            raise _wrong(value, path, f"a number from {low:g} to {high:g}")
        return float(value)  # type: ignore[arg-type]

    return read


_MOST_NAMED = 20
PORT = integer(1, 0xFFFF)
MILLISECONDS = number(0, 60_000)
SECONDS = number(0, 86_400)
SHARE = number(0, 1)


def choice(kind: type[E]) -> Reader[E]:
    """One of an enum's values."""

    def read(value: object, path: Path) -> E:
        try:
            return kind(value)
        except ValueError:
            names = [str(member.value) for member in kind]
            hint = closest(value, names) if isinstance(value, str) else ""
            # A long list would bury what is meant.
            short = hint and len(names) > _MOST_NAMED
            wanted = "a known word" if short else "one of " + ", ".join(names)
            raise _wrong(value, path, wanted + hint) from None

    return read


def _parsed(parse: Callable[[str], T], wanted: str) -> Reader[T]:
    def read(value: object, path: Path) -> T:
        try:
            return parse(text(value, path))
        except ScenarioError:
            raise _wrong(value, path, wanted) from None
        except ValueError:
            raise _wrong(value, path, wanted) from None

    return read


address: Reader[IPAddress] = _parsed(ip_address, "an IP address")
address4: Reader[IPAddress] = _parsed(IPv4Address, "an IPv4 address")
address6: Reader[IPAddress] = _parsed(IPv6Address, "an IPv6 address")
interface: Reader[IPInterface] = _parsed(ip_interface, "an address with a prefix length")
endpoint: Reader[Endpoint] = _parsed(Endpoint.parse, "an address with a port")


def array(inner: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list."""

    def read(value: object, path: Path) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise _wrong(value, path, "a list")
        return tuple(inner(item, (*path, str(index))) for index, item in enumerate(value))

    return read


def mapping(inner: Reader[T], key: Reader[K] = text) -> Reader[dict[K, T]]:  # type: ignore[assignment]
    """A table whose keys are names of the scenario's own."""

    def read(value: object, path: Path) -> dict[K, T]:
        if not isinstance(value, dict):
            raise _wrong(value, path, "a table")
        return {key(name, path): inner(item, (*path, name)) for name, item in value.items()}

    return read


def table(kind: type[T], /, **readers: Reader[Any]) -> Reader[T]:
    """A table that fills a dataclass: one reader a field; those without a default are required."""
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    if set(known) != set(readers):
        raise TypeError(f"{kind.__name__}: readers for {sorted(readers)}, fields {sorted(known)}")
    required = [
        name
        for name, each in known.items()
        if each.default is MISSING and each.default_factory is MISSING
    ]

    def read(value: object, path: Path) -> T:
        if not isinstance(value, dict):
            raise _wrong(value, path, "a table")
        for name in value:
            if name not in readers:
                hint = closest(name, readers)
                raise ScenarioError(f"{shown((*path, name))} is not a known key{hint}.")
        for name in required:
            if name not in value:
                raise ScenarioError(f"{shown((*path, name))} is missing.")
        return kind(**{name: readers[name](item, (*path, name)) for name, item in value.items()})

    return read


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two files as one: tables are merged, anything else of the upper one wins."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            out[key] = merged(old, value)
        else:
            out[key] = value
    return out
