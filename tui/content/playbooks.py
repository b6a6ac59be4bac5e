"""The words for what can be done: one file for each change, and variants where steps differ.

``remedies/<change>.md`` holds for everybody. ``remedies/<change>/<variant>.md`` holds for one
system or one make of router; its sections stand in place of the general ones, and its steps in
place of all general steps. `matrix` says which variants there are and where each one's facts are
from, ``fixing/sources.toml`` where those pages are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

from probes.diagnosis.remedies import RemedyId
from probes.values import dataclass
from tui.content.files import exactly, load, only_text, parts_of, read, required
from tui.content.markdown import ContentError, Document, Section


class Shell(StrEnum):
    """What reads a command."""

    SH = "sh"
    POWERSHELL = "powershell"
    TAILSCALE = "tailscale"
    """A call of the tailscale program: the same on every system."""


@dataclass(frozen=True, slots=True)
class CommandWords:
    """A command with its {placeholders}."""

    text: str
    shell: Shell
    as_root: bool
    cuts: bool
    """It may cut the connection over which the person works."""
    back: str
    """The command that takes it back; "" where nothing has to be taken back."""


@dataclass(frozen=True, slots=True)
class StepWords:
    """One thing to do."""

    id: str
    text: str
    command: CommandWords | None


@dataclass(frozen=True, slots=True)
class PlaybookWords:
    """The words for one change, for one system or router. Its name is `tui.content.label`'s."""

    for_you: str
    why: str
    who: str
    risk: str
    steps: tuple[StepWords, ...]
    shows: str
    undo: str
    wait_s: int
    """How long to wait, with traffic, before the result is to be judged."""
    sources: tuple[str, ...]
    """Ids of `sources`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact is from."""

    id: str
    name: str
    address: str
    """https, or "" for a manual page that comes with the program."""


_TEXTS = ("for you", "why", "who", "risk", "shows", "undo")
_OTHERS = ("wait", "sources")
_FLAGS = ("root", "cuts")


@cache
def playbook_words(remedy: RemedyId, variant: str = "") -> PlaybookWords:
    """The words for a change, in a variant that `matrix` lists. Raises ContentError."""
    general = f"remedies/{remedy}"
    documents = {general: load(general)}
    listed: tuple[str, ...] = ()
    if variant:
        listed = matrix()[remedy][variant]
        documents = {f"{general}/{variant}": load(f"{general}/{variant}"), **documents}
    sections = _merged(documents)
    texts = {name: only_text(f"{general}: {name}", sections[name]) for name in _TEXTS}
    wait = only_text(f"{general}: wait", sections["wait"])
    own = only_text(f"{general}: sources", sections["sources"])
    return PlaybookWords(
        texts["for you"],
        texts["why"],
        texts["who"],
        texts["risk"],
        tuple(_steps(documents)),
        texts["shows"],
        texts["undo"],
        int(wait),
        tuple(dict.fromkeys((*listed, *(each.strip() for each in own.split(","))))),
    )


def _merged(documents: Mapping[str, Document]) -> dict[str, Section]:
    """The named sections, the variant's before the general ones."""
    found: dict[str, Section] = {}
    for path, document in documents.items():
        named = {key: each for key, each in document.sections.items() if not _is_step(key)}
        if path.count("/") == 1:
            exactly(path, named, {*_TEXTS, *_OTHERS})
        else:
            exactly(path, named, set(named) & {*_TEXTS, "wait"})
        found = {**named, **found}
    return found


def _is_step(key: str) -> bool:
    return key.startswith("step ")


def _steps(documents: Mapping[str, Document]) -> Iterator[StepWords]:
    """Those of the first file that has any."""
    for path, document in documents.items():
        keys = [key for key in document.sections if _is_step(key)]
        if keys:
            for key in keys:
                yield _step(f"{path}: {key}", key.removeprefix("step "), document.sections[key])
            return
    raise ContentError(f"{next(iter(documents))}: no steps")


def _step(what: str, name: str, section: Section) -> StepWords:
    command = _command(what, section)
    return StepWords(name, required(what, section.text), command)


def _command(what: str, section: Section) -> CommandWords | None:
    """``### command sh root cuts`` and, where something has to be taken back, ``### back``."""
    found = [part for part in section.parts if part.startswith("command ")]
    exactly(what, section.parts, {*found[:1], *({"back"} & set(section.parts))})
    if not found:
        return None
    _, shell, *flags = found[0].split()
    exactly(f"{what}: {found[0]}", dict.fromkeys(flags), set(_FLAGS) & set(flags))
    back = section.parts.get("back", "")
    return CommandWords(
        required(what, section.parts[found[0]]),
        Shell(shell),
        "root" in flags,
        "cuts" in flags,
        back,
    )


# --- which variants there are, and where the facts are from ---------------------------------------


def _toml(path: str) -> dict[str, Any]:
    import tomllib  # only a plan needs it

    return tomllib.loads(read(path))


@cache
def matrix() -> Mapping[RemedyId, Mapping[str, tuple[str, ...]]]:
    """The variants of each change, each with the ids of its sources."""
    listed = {
        RemedyId(remedy): {variant: tuple(ids) for variant, ids in variants.items()}
        for kind in _toml("fixing/matrix.toml").values()
        for remedy, variants in kind.items()
    }
    return {each: listed.get(each, {}) for each in RemedyId}


@cache
def sources() -> Mapping[str, Source]:
    """Every page that a fact is from, by its id."""
    return {
        name: Source(name, found["name"], found.get("address", ""))
        for name, found in _toml("fixing/sources.toml").items()
    }


# --- values ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ValueWords:
    """A value that texts and commands want, for where it is not known."""

    phrase: str
    """What stands in its place in a text that is about the whole."""
    gap: str
    """What stands in its place in a step, once a step before it has said how to find it."""
    find: str
    """How to find it out; "" where a person need not."""
    commands: Mapping[str, str]
    """What shows it, by system: linux, macos, windows."""


@cache
def value_words(name: str) -> ValueWords:
    """The words for a placeholder of the playbooks."""
    section = load("fixing/values").sections.get(name)
    if section is None:
        raise ContentError(f"fixing/values: no {name}")
    found = {key for key in section.parts if key.startswith("command ")}
    more = {"find", "gap"} & set(section.parts)
    exactly(f"fixing/values: {name}", section.parts, {*found, *more})
    commands = {key.removeprefix("command "): section.parts[key] for key in found}
    return ValueWords(
        required(f"fixing/values: {name}", section.text),
        section.parts.get("gap", ""),
        section.parts.get("find", ""),
        commands,
    )


def guidance(which: str) -> str:
    """A sentence around the steps: an id of ``fixing/guidance``."""
    (text,) = parts_of("fixing/guidance", which)
    return required(f"fixing/guidance: {which}", text)
