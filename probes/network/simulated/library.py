"""The practice networks that come with the program, and files of a person's own."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from probes.clean import clean
from probes.diagnosis.model import NatClass
from probes.diagnosis.remedies import RemedyId
from probes.network.simulated.catalogue import FOLDER, SUFFIX, names
from probes.network.simulated.changing import changed
from probes.network.simulated.life import Life
from probes.network.simulated.network import SimulatedNetwork
from probes.network.simulated.scenario import HERE, Scenario
from probes.network.simulated.schema import ScenarioError, closest, merged
from probes.network.simulated.tables import SCENARIO

_PARTS = FOLDER / "parts"
MOST_BYTES = 1_000_000


def describe(name: str) -> str:
    """One sentence about a practice network. Raises ScenarioError."""
    return scenario(name).description


def load(
    name_or_path: str | Path,
    *,
    wall: Callable[[], datetime] | None = None,
    done: Sequence[RemedyId] = (),
    life: Life | None = None,
) -> SimulatedNetwork:
    """A practice network by its name, or from a TOML file. Raises ScenarioError.

    Each call makes a fresh one, with empty flow tables. `wall` is the date and time to show; `done`
    are remedies that somebody did, in order. `life` is what outlasts one use of it: right after the
    last remedy Tailscale has not yet found the new paths, and paths that were direct before still
    are.
    """
    path = _find(name_or_path)
    changed = life is not None and life.changed_s is not None
    reached = _reached(name_or_path, done) if changed else None
    return _network(scenario(name_or_path, done), path.stem, path.name, wall, reached, life)


def _reached(name_or_path: str | Path, done: Sequence[RemedyId]) -> tuple[NatClass, ...]:
    """Behind which NATs peers were reached directly before the last of these."""
    if not done:
        return ()
    spec = scenario(name_or_path, done[:-1]).host[HERE].tailscale
    return () if spec is None else spec.reaches


def parse(text: str, name: str = "own") -> SimulatedNetwork:
    """A practice network from TOML text. Raises ScenarioError."""
    return _network(_read(text, name), name, name, None)


def _network(
    found: Scenario,
    name: str,
    where: str,
    wall: Callable[[], datetime] | None,
    reached: tuple[NatClass, ...] | None = None,
    life: Life | None = None,
) -> SimulatedNetwork:
    try:
        return SimulatedNetwork(found, name, wall=wall, reached=reached, life=life)
    except ScenarioError as error:
        raise _in_file(where, error) from None


def _in_file(where: str, error: ScenarioError) -> ScenarioError:
    return ScenarioError(f"{clean(where)}: {clean(str(error))}")


def scenario(name_or_path: str | Path, done: Sequence[RemedyId] = ()) -> Scenario:
    """The plain values of a practice network, after remedies in order. Raises ScenarioError."""
    path = _find(name_or_path)
    return _read(_text(path), path.name, done)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ScenarioError(f"{clean(str(path))} is too large to be a practice network.")
        return path.read_text("utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ScenarioError(f"{clean(str(path))} cannot be read: {why}.") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{clean(str(path))} is not UTF-8 text.") from None


def _find(name_or_path: str | Path) -> Path:
    word = str(name_or_path)
    if isinstance(name_or_path, Path) or word.endswith(SUFFIX) or "/" in word or "\\" in word:
        return Path(name_or_path)
    if word not in names():
        hint = closest(word, names()) or f"; the known ones are {', '.join(names())}"
        raise ScenarioError(f"There is no practice network called {clean(word)}{hint}.")
    return FOLDER / f"{word}{SUFFIX}"


def _read(text: str, where: str, done: Sequence[RemedyId] = ()) -> Scenario:
    try:
        value = _whole(_toml(text, where), where)
        for remedy in done:
            value = changed(value, remedy, _whole_of)
        return SCENARIO(value, ())
    except ScenarioError as error:
        raise _in_file(where, error) from None


def _whole_of(name: str) -> dict[str, Any]:
    path = _find(name)
    return _whole(_toml(_text(path), path.name), path.name)


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError(f"it is not TOML: {error}.") from None


def _whole(value: dict[str, Any], where: str) -> dict[str, Any]:
    """The file on top of the parts that it includes."""
    below: dict[str, Any] = {}
    parts = value.get("include", [])
    for part in parts if isinstance(parts, list) else []:
        path = _PARTS / f"{part}{SUFFIX}"
        if not isinstance(part, str) or path not in _PARTS.glob(f"*{SUFFIX}"):
            known = sorted(each.stem for each in _PARTS.glob(f"*{SUFFIX}"))
            raise ScenarioError(f"include names {part!r}; there is {', '.join(known)}.")
        below = merged(below, tomllib.loads(path.read_text("utf-8")))
    return merged(below, value)
