"""Small composable codecs between the program's values and JSON, each with its JSON Schema.

A codec is a pair of functions and the schema of what they produce. `decode` raises
`CodecError` for anything that `encode` could not have produced, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any, Generic, TypeAlias, TypeVar

from probes.model import Endpoint, IPAddress
from probes.values import dataclass

Json: TypeAlias = Any
"""A value that the json module takes: None, bool, int, float, str, list, dict."""

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class CodecError(ValueError):
    """The JSON is not what this codec writes."""


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """How one type is written as JSON and read back without loss."""

    encode: Callable[[T], Json]
    decode: Callable[[Json], T]
    schema: Mapping[str, Json]


def _plain(kind: type[T], name: str) -> Codec[T]:
    def decode(value: Json) -> T:
        # bool is an int to isinstance, but not to JSON.
        if isinstance(value, bool) and kind is not bool:
            raise CodecError(f"{value!r} is not a {name}")
        if kind is float and isinstance(value, int):
            return kind(value)  # type: ignore[call-arg]
        if not isinstance(value, kind):
            raise CodecError(f"{value!r} is not a {name}")
        return value

    return Codec(lambda value: value, decode, {"type": name})


BOOL: Codec[bool] = _plain(bool, "boolean")
INT: Codec[int] = _plain(int, "integer")
FLOAT: Codec[float] = _plain(float, "number")
STR: Codec[str] = _plain(str, "string")


def _text(parse: Callable[[str], T], **schema: Json) -> Codec[T]:
    def decode(value: Json) -> T:
        if not isinstance(value, str):
            raise CodecError(f"{value!r} is not a string")
        try:
            return parse(value)
        except ValueError as error:
            raise CodecError(str(error)) from error

    return Codec(str, decode, {"type": "string", **schema})


ENDPOINT: Codec[Endpoint] = _text(Endpoint.parse, description="address:port or [address]:port")
ADDRESS: Codec[IPAddress] = _text(ip_address, description="an IP address")
NETWORK = _text(ip_network, description="an IP prefix")


def enum(kind: type[E]) -> Codec[E]:
    """A string (or int) enum, by its value."""

    def decode(value: Json) -> E:
        try:
            return kind(value)
        except ValueError as error:
            raise CodecError(str(error)) from error

    return Codec(lambda value: value.value, decode, {"enum": [member.value for member in kind]})


def optional(inner: Codec[T]) -> Codec[T | None]:
    """The value or null."""
    return Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda value: None if value is None else inner.decode(value),
        {"anyOf": [inner.schema, {"type": "null"}]},
    )


def many(inner: Codec[T]) -> Codec[tuple[T, ...]]:
    """A tuple, as an array."""

    def decode(value: Json) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise CodecError(f"{value!r} is not an array")
        return tuple(inner.decode(item) for item in value)

    return Codec(
        lambda value: [inner.encode(item) for item in value],
        decode,
        {"type": "array", "items": inner.schema},
    )


def record(kind: type[T], /, **codecs: Codec[Any]) -> Codec[T]:
    """A dataclass, as an object: one codec a field, every field required, none besides."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if set(names) != set(codecs):
        raise TypeError(f"{kind.__name__}: codecs for {sorted(codecs)}, fields {names}")

    def encode(value: T) -> Json:
        return {name: codecs[name].encode(getattr(value, name)) for name in names}

    def decode(value: Json) -> T:
        if not isinstance(value, dict) or set(value) != set(names):
            raise CodecError(f"{value!r} is not a {kind.__name__}")
        try:
            return kind(**{name: codecs[name].decode(value[name]) for name in names})
        except CodecError:
            raise
        except (TypeError, ValueError) as error:
            raise CodecError(str(error)) from error

    return Codec(
        encode,
        decode,
        {
            "type": "object",
            "properties": {name: codecs[name].schema for name in names},
            "required": names,
            "additionalProperties": False,
        },
    )
