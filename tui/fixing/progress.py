"""How far the person is with the fixes of one network: a value, and its form on disk.

What another version wrote is read as far as this one understands it: ids that it does not know stay
in the file's value and simply match nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from probes.clean import clean
from probes.values import dataclass
from tui.networks import PRACTICE
from tui.state import Step

if TYPE_CHECKING:
    from probes.report import Report

SCHEMA, VERSION = "whyrelay-progress", 1
MOST_BYTES = 8_000_000
"""A report of the largest tailnets fits; what is larger is not ours."""
MOST_ENTRIES = 500
"""Ways and steps that are read: no plan has nearly as many."""
HERE = "this network"
"""The title of runs on the network that this device is on."""

THIS = "this"
"""The side that is measured, as `probes.diagnosis.what_if.Whose` names it."""

T = TypeVar("T")
_ID = re.compile(r"[a-z0-9][a-z0-9:._-]{0,99}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""What may be part of a file's name."""


def way_key(remedy: str, whose: str = THIS) -> str:
    """One way by its name: ``port-mapping:this``. The same one for every cause that it answers."""
    return f"{remedy}:{whose}"


class RanState(StrEnum):
    """What became of a command that was run for the person."""

    BEGUN = "begun"
    """It was begun, and its end was never heard of: the terminal died, or the computer did."""
    ENDED = "ended"
    """It ran to its end; the exit status says how."""
    KEPT = "kept"
    """With a timed undo, and the person said that it is to be kept."""
    TAKEN_BACK = "taken-back"
    """With a timed undo, which took it back."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that was run for the person."""

    state: RanState
    status: int | None = None
    """Its exit status, where that is known."""
    at: str = ""
    """When it was begun: RFC 3339, UTC."""

    @property
    def well(self) -> bool:
        """It did what it should, and that was kept."""
        return self.state in (RanState.ENDED, RanState.KEPT) and self.status == 0


_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the person is on one network. Frozen; each change makes another."""

    title: str = ""
    """What was measured: "this network", "practice: hard-home"."""
    network_id: str = ""
    """Of the report; "" where nothing tells the network from others."""
    saved_at: str = ""
    """RFC 3339, UTC."""
    step: Step = Step.FIX
    """Where in the walk the person was."""
    cause: str = ""
    way: str = ""
    """What the person was looking at: a cause's id and a way's key; "" for nothing yet."""
    ticked: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NOTHING)
    """By way, the one that was ticked last as the last: the ids of the steps that are done."""
    impossible: frozenset[str] = frozenset()
    """Ways that the person cannot go."""
    system: str = ""
    brand: str = ""
    """What the person chose in place of what was found; "" for what is found."""
    ran: Mapping[tuple[str, str], Ran] = field(default_factory=lambda: _NOTHING)
    """By way and step: the commands that were run."""
    before: Report | None = None
    """The report as it was before the first step was taken."""

    @property
    def key(self) -> str:
        """The name of its file, without a suffix; "" where it cannot be kept."""
        return key_of(self.title, self.network_id)

    @property
    def under_way(self) -> str:
        """The way that is being gone: where the person is if a step of it was taken, else the one
        of which a step was taken last. None that is called not possible; "" for none."""
        taken = [*(way for way, _ in self.ran), *self.ticked]
        possible = [way for way in taken if way not in self.impossible]
        return self.way if self.way in possible else possible[-1] if possible else ""

    @property
    def goes_on(self) -> str:
        """The way to go on with: where the person was, unless that cannot be gone."""
        return self.way if self.way and self.way not in self.impossible else self.under_way

    @property
    def begun(self) -> bool:
        """There is something to go on with."""
        return bool(self.ticked or self.impossible or self.ran)

    def started(self, remedy: str, whose: str = THIS) -> bool:
        """Whether a step of this way was taken: ticked, or its command run."""
        key = way_key(remedy, whose)
        return bool(self.ticked.get(key)) or any(way == key for way, _ in self.ran)

    def done(self, way: str, step: str) -> bool:
        """Whether a step is ticked."""
        return step in self.ticked.get(way, frozenset())

    def with_tick(self, way: str, step: str, done: bool) -> Progress:
        """With a step ticked, or not any more."""
        steps = self.ticked.get(way, frozenset())
        steps = steps | {step} if done else steps - {step}
        rest = {key: held for key, held in self.ticked.items() if key != way}
        return replace(self, ticked=MappingProxyType({**rest, way: steps} if steps else rest))

    def with_impossible(self, way: str, impossible: bool) -> Progress:
        """With a way that cannot be gone, or can be after all."""
        ways = self.impossible | {way} if impossible else self.impossible - {way}
        return replace(self, impossible=ways)

    def with_ran(self, way: str, step: str, ran: Ran) -> Progress:
        """With a command that was run."""
        return replace(self, ran=MappingProxyType({**self.ran, (way, step): ran}))


def key_of(title: str, network_id: str) -> str:
    """Under which name the progress on a network is kept: networks apart, practice as well."""
    if title == HERE:
        return f"network-{network_id}" if _NAME.fullmatch(network_id) else ""
    name = title.removeprefix(PRACTICE)
    return f"practice-{name}" if name != title and _NAME.fullmatch(name) else ""


class NotProgress(ValueError):
    """The data is no progress of this program."""


class Newer(NotProgress):
    """A later version of this program wrote it: it is left as it is."""


def encode(progress: Progress, before: str | None = None) -> bytes:
    """As a file. `before`: the report's JSON, where it was made already."""
    ways = {way: sorted(steps) for way, steps in progress.ticked.items()}
    ran = [
        {"way": way, "step": step, "state": str(held.state), "status": held.status, "at": held.at}
        for (way, step), held in progress.ran.items()
    ]
    held: dict[str, Any] = {
        "schema": f"{SCHEMA}/{VERSION}",
        "title": progress.title,
        "network_id": progress.network_id,
        "saved_at": progress.saved_at,
        "step": str(progress.step),
        "cause": progress.cause,
        "way": progress.way,
        "ticked": ways,
        "impossible": sorted(progress.impossible),
        "system": progress.system,
        "brand": progress.brand,
        "ran": ran,
    }
    text = json.dumps(held, ensure_ascii=False, indent=1)
    report = encode_report(progress.before) if before is None else before
    # The report is the last member, on a line of its own: it is made once, and kept as text.
    return f'{text[:-2]},\n "before": {report}\n}}\n'.encode("utf-8", "replace")


def encode_report(report: Report | None) -> str:
    """A report's ledger as JSON."""
    if report is None:
        return "null"
    from tui.json_view import ledger_to_json

    return json.dumps(ledger_to_json(report), ensure_ascii=False, allow_nan=False)


def decode(data: bytes) -> Progress:
    """What a file holds. Raises NotProgress, and Newer for what a later version wrote."""
    try:
        held = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotProgress("It is no JSON.") from None
    name, slash, version = str(_of(held, "schema", str, "")).partition("/")
    if name != SCHEMA or not slash or not version.isascii() or not version.isdigit():
        raise NotProgress("It is of another schema.")
    if len(version) > 9 or int(version) > VERSION:
        raise Newer("A later version wrote it.")
    step = _of(held, "step", str, "")
    return Progress(
        title=_text(held, "title"),
        network_id=_id(held, "network_id"),
        saved_at=_text(held, "saved_at", 40),
        step=Step(step) if step in set(Step) else Step.FIX,
        cause=_id(held, "cause"),
        way=_id(held, "way"),
        ticked=MappingProxyType(dict(_ticked(_of(held, "ticked", dict, {})))),
        impossible=frozenset(_ids(_of(held, "impossible", list, []))),
        system=_id(held, "system"),
        brand=_id(held, "brand"),
        ran=MappingProxyType(dict(_ran(_of(held, "ran", list, [])))),
        before=_report(held.get("before")),
    )


def _of(held: Any, key: str, kind: Callable[..., T], default: T) -> T:
    if not isinstance(held, dict):
        raise NotProgress("It is no object.")
    found = held.get(key, default)
    return found if isinstance(found, kind) else default  # type: ignore[arg-type]


def _text(held: Any, key: str, longest: int = 300) -> str:
    return clean(_of(held, key, str, ""), longest)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _id(held: Any, key: str) -> str:
    found = _of(held, key, str, "")
    return found if _is_id(found) else ""


def _ids(listed: object) -> Iterator[str]:
    if isinstance(listed, list):
        yield from (each for each in listed[:MOST_ENTRIES] if _is_id(each))


def _ticked(ways: dict[Any, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    for way, listed in list(ways.items())[:MOST_ENTRIES]:
        if _is_id(way) and (steps := frozenset(_ids(listed))):
            yield way, steps


def _ran(listed: list[Any]) -> Iterator[tuple[tuple[str, str], Ran]]:
    for each in listed[:MOST_ENTRIES]:
        if not isinstance(each, dict):
            continue
        way, step, status = each.get("way"), each.get("step"), each.get("status")
        state = _of(each, "state", str, "")
        known = state in set(RanState)
        whole = status is None or (isinstance(status, int) and not isinstance(status, bool))
        if _is_id(way) and _is_id(step) and known and whole:
            yield (str(way), str(step)), Ran(RanState(state), status, _text(each, "at", 40))


def _report(value: Any) -> Report | None:
    """The report as far as it can be read; None where there is none."""
    if not isinstance(value, dict):
        return None
    from probes.model import CheckId, CheckStatus
    from probes.readings import KEYS
    from tui.json_view import NotAReport, report_from_json
    from tui.request import cleaned

    def reads(key: str, reading: Any) -> bool:
        try:
            KEYS[key].decode(reading)
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        return True

    statuses, checks = set(CheckStatus), set(CheckId)
    try:
        value = cleaned(value)
        return report_from_json(
            {
                **value,
                # One reading that an older version wrote in another form costs no other.
                "readings": {
                    key: reading
                    for key, reading in value["readings"].items()
                    if reads(key, reading)
                },
                "checks": {
                    check: state
                    for check, state in value["checks"].items()
                    if check in checks and state["status"] in statuses
                },
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, NotAReport):
        return None
