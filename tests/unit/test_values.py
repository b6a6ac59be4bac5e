"""Our `dataclass` beside the standard one: nobody can tell which of them made a class."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from probes.values import dataclass

T = TypeVar("T")
KINDS = [
    {"frozen": True, "slots": True},
    {"frozen": True, "eq": False},
    {"slots": True},
    {"slots": True, "eq": False},
    {},
]


def classes(**how: bool) -> tuple[type, type]:
    """The same class, made by ours and by the standard decorator."""

    def body() -> type:
        class Sample:
            """A sample."""

            kind: ClassVar[str] = "sample"
            name: str
            size: int = 7
            parts: list[str] = field(default_factory=list)
            hidden: str = field(default="x", repr=False, compare=False)
            made: list[int] = field(default_factory=list, init=False)
            later: int = field(init=False)

            def __post_init__(self) -> None:
                object.__setattr__(self, "later", self.size + 1)

        Sample.__qualname__ = "Sample"
        return Sample

    return dataclass(**how)(body()), dataclasses.dataclass(**how)(body())


def outcome(work: Callable[[], object]) -> object:
    """What it returns, or how it fails."""
    try:
        return work()
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("how", KINDS, ids=str)
def test_made_compared_and_shown_alike(how: dict[str, bool]) -> None:
    def seen(cls: type) -> list[object]:
        one, same, other = cls("a", 3, ["p"]), cls("a", size=3, parts=["p"]), cls("b")
        masked = cls("a", 3, ["p"], hidden="y")
        return [
            repr(one),
            one == same,
            one == other,
            one == masked,
            one != same,
            one == "a",
            one.__eq__("a"),
            one.later,
            other.made is cls("b").made,
            outcome(lambda: hash(one) == hash(same)),
            outcome(cls),
            outcome(lambda: cls("a", later=1)),
            outcome(lambda: cls("a", 1, [], "x", 2)),
            [(each.name, each.init, each.default) for each in fields(cls)],
            cls.__match_args__,  # type: ignore[attr-defined]
            cls.__doc__,
            hasattr(one, "__dict__"),
            replace(one, size=9),
            outcome(lambda: replace(one, later=1)),
        ]

    ours, standard = classes(**how)
    assert list(map(repr, seen(ours))) == list(map(repr, seen(standard)))


@pytest.mark.parametrize("how", KINDS, ids=str)
def test_what_is_frozen_cannot_be_changed(how: dict[str, bool]) -> None:
    def change(cls: type) -> list[object]:
        one: Any = cls("a")

        def put() -> None:
            one.size = 5

        def delete() -> None:
            del one.size

        return [outcome(put), outcome(delete), outcome(lambda: one.size)]

    ours, standard = classes(**how)
    assert change(ours) == change(standard)


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """Two of a kind."""

    one: T
    other: T


@dataclass(frozen=True, slots=True)
class Triple(Pair[int]):
    """Three."""

    third: int = 3


@dataclass(frozen=True, slots=True)
class Single:
    """One field alone."""

    only: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """No field at all."""


@dataclass(slots=True, eq=False)
class Ring:
    """It may hold itself."""

    inside: Ring | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """What a class writes itself stays."""

    name: str

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 5

    def __repr__(self) -> str:
        return "mine"


def test_values_are_hashable_by_what_they_hold() -> None:
    assert len({Pair(1, 2), Pair(1, 2), Pair(2, 1)}) == 2
    assert {Nothing(): "nothing"}[Nothing()] == "nothing"
    odd = float("nan")
    assert Single(odd) == Single(odd)  # as a tuple that holds it


@pytest.mark.parametrize("value", [Pair("a", ("b",)), Nothing(), Single(1.5)], ids=str)
def test_copies_are_equal(value: object) -> None:
    assert copy.copy(value) == value
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value


def test_a_pattern_takes_one_apart() -> None:
    match Pair(1, 2):
        case Pair(1, other):
            assert other == 2
        case _:
            pytest.fail("no match")


def test_a_class_can_be_derived() -> None:
    assert [each.name for each in fields(Triple)] == ["one", "other", "third"]
    assert repr(Triple(1, 2)) == "Triple(one=1, other=2, third=3)"
    assert Triple(1, 2) != Pair(1, 2)


def test_what_holds_itself_can_be_shown() -> None:
    ring = Ring()
    ring.inside = ring
    assert repr(ring) == "Ring(inside=...)"


def test_what_a_class_writes_itself_stays() -> None:
    assert (Own("a") == Own("b"), hash(Own("a")), repr(Own("a"))) == (True, 5, "mine")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        Own("a").name = "b"  # type: ignore[misc]


def test_a_mutable_default_is_refused() -> None:
    with pytest.raises(ValueError, match="mutable default"):

        @dataclass(slots=True)
        class Shared:
            each: list[str] = []  # noqa: RUF012
