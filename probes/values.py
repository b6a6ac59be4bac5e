"""`dataclass` as in the standard library, made in a fraction of its time.

The standard one writes up to six functions a class as source text and compiles each of them. On the
way to an answer some hundred and fifty classes are made, and that was half of the program's start.
Here the standard one finds the fields and no more; comparing, hashing and printing go by their
names, and `__init__` is compiled when the first value is made.

`field`, `fields`, `replace`, `copy` and class patterns know no difference. What nothing here needs
is left out: `InitVar`, `kw_only`, `unsafe_hash`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

T = TypeVar("T")
_put = object.__setattr__


def _made(cls: type[T], frozen: bool, slots: bool, eq: bool) -> type[T]:
    written = vars(cls).copy()
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # else the standard one makes one of the signature
    made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    found = dataclasses.fields(made)  # type: ignore[arg-type]
    added: dict[str, Any] = {"__init__": _first_init(made, found, frozen)}
    added["__repr__"] = _repr([each.name for each in found if each.repr])
    if eq:
        key = _key([each.name for each in found if each.compare])
        added["__eq__"] = _eq(key)
        added["__hash__"] = _hash(key) if frozen else None
    if frozen:
        added["__setattr__"] = _refuse_set
        added["__delattr__"] = _refuse_delete
        if slots:  # copying would set the attributes, one by one
            added["__getstate__"] = _getstate
            added["__setstate__"] = _setstate
    for name, each in added.items():
        if name not in written:
            setattr(made, name, each)
    return made


def _first_init(cls: type, found: tuple[dataclasses.Field[Any], ...], frozen: bool) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        init: Any = _init(cls, found, frozen)
        cls.__init__ = init  # type: ignore[misc]
        init(self, *args, **kwargs)

    return __init__


def _init(cls: type, found: tuple[dataclasses.Field[Any], ...], frozen: bool) -> Any:
    """The real one, compiled."""
    known: dict[str, Any] = {"_put": _put, "_absent": dataclasses.MISSING}
    taken, body = ["self"], []
    for each in found:
        name = each.name
        default, value = "", name
        if each.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"] = each.default_factory
            default = "=_absent"
            value = f"_make_{name}() if {name} is _absent else {name}"
            if not each.init:
                value = f"_make_{name}()"
        elif each.default is not dataclasses.MISSING:
            known[f"_default_{name}"] = each.default
            default = f"=_default_{name}"
            if not each.init:
                value = f"_default_{name}"
        elif not each.init:
            continue  # left to __post_init__
        if each.init:
            taken.append(name + default)
        body.append(f"_put(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    source = f"def __init__({', '.join(taken)}):\n  " + "\n  ".join(body or ["pass"])
    exec(source, known)  # noqa: S102  # names of fields, nothing from outside
    init = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"  # it begins the sentence of a TypeError
    return init


def _key(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What is compared and hashed of a value."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _eq(key: Callable[[Any], tuple[Any, ...]]) -> Any:
    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(key: Callable[[Any], tuple[Any, ...]]) -> Any:
    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(key(self))

    return __hash__


def _repr(names: list[str]) -> Any:
    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({inside})"

    return __repr__


def _refuse_set(self: Any, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        _put(self, each.name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # the same, to whoever checks types
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """As `dataclasses.dataclass`."""

        def made(cls):
            return _made(cls, frozen, slots, eq)

        return made if cls is None else made(cls)
