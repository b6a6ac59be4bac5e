"""The steps of one way out, for one person: their system, their router, their values. Pure.

The words are data (`tui.content.playbooks`). Here it is chosen which of them fit, and the values
are put in. A command is given only where every value in it is known; else the text says what to
find out first and shows the command with the gaps.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from probes.diagnosis.model import Cause, CauseId, NatClass
from probes.diagnosis.plan import Way
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import playbooks
from tui.content.playbooks import CommandWords, Shell, Source, StepWords
from tui.fixing.circumstances import Brand as Brand
from tui.fixing.circumstances import Circumstances as Circumstances
from tui.fixing.circumstances import System as System
from tui.fixing.circumstances import circumstances as circumstances
from tui.fixing.remarks import needless, remarks
from tui.fixing.ways import name_of

ELSEWHERE = "there"
"""The step that says that all others are for another device."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, complete: nothing is left to fill in."""

    text: str
    shell: str
    """sh or powershell."""
    as_root: bool
    """It needs an administrator: it begins with sudo, or wants an elevated PowerShell."""
    cuts: bool
    """It may cut the connection over which the person works."""
    undo: str
    """The command that takes it back. Never "" where `cuts`."""


@dataclass(frozen=True, slots=True)
class PlayStep:
    """One thing to do."""

    id: str
    """Stable within its change: saved progress hangs on it."""
    text: str
    command: Command | None


@dataclass(frozen=True, slots=True)
class Playbook:
    """All that a person wants to know about one change."""

    remedy: RemedyId
    title: str
    """As lists name it, too."""
    for_you: str
    """What it means for them."""
    why: str
    who: str
    risk: str
    steps: tuple[PlayStep, ...]
    """In order; never none."""
    shows: str
    """How it shows that it worked."""
    undo: str
    """How to take it back."""
    wait_s: int
    """How long to wait, with traffic, before the result is to be judged."""
    sources: tuple[Source, ...]
    variant: str = ""
    """The system or make of router that the steps are for; "" for everybody's."""


def playbook(
    way: Way, cause: Cause, report: Report, found: Circumstances, *, here: bool = True
) -> Playbook:
    """The steps of a way. For the other side nothing is filled in: nobody measured there.

    `here`: the steps are for the computer that shows them; else commands are only told.
    """
    there = way.whose is Whose.OTHER
    variant = "" if there else variant_of(way.remedy.id, found)
    words = playbooks.playbook_words(way.remedy.id, variant)
    values = {} if there else found.values
    system = found.system if here and not there else None
    texts = (words.for_you, words.why, words.who, words.risk, words.shows, words.undo)
    for_you, why, who, risk, shows, undo = (_text(each, values) for each in texts)
    if there:
        who, for_you = playbooks.guidance("other-who"), playbooks.guidance("other-for-you")
    if helps_from_here(way, cause):
        for_you = f"{for_you} {playbooks.guidance('here-for-there')}"
    said = () if there else remarks(way.remedy.id, cause, report)
    done = frozenset() if there else needless(way.remedy.id, report)
    steps = tuple(each for each in words.steps if each.id not in done)
    first = [PlayStep(name, text, None) for name, text in said]
    if system is None:
        whose = "other-first" if there else "elsewhere-first"
        first.insert(0, PlayStep(ELSEWHERE, playbooks.guidance(whose), None))
    return Playbook(
        way.remedy.id,
        name_of(way),
        for_you,
        why,
        who,
        risk,
        (*first, *_marked(_steps(steps, values, system), found)),
        shows,
        undo,
        words.wait_s,
        tuple(playbooks.sources()[each] for each in words.sources),
        variant,
    )


def helps_from_here(way: Way, cause: Cause) -> bool:
    """The obstacle is at the peer, and a change on this side makes up for it."""
    opens = way.whose is Whose.THIS and way.flips.get(NatClass.HARD, False)
    return opens and cause.id is CauseId.PEER_SIDE


def variant_of(remedy: RemedyId, found: Circumstances) -> str:
    """The words that fit best: the router's make, then the system, "" for everybody's."""
    listed = playbooks.matrix()[remedy]
    return next(
        (each for each in (found.brand.value, *found.system.variants) if each in listed), ""
    )


def in_general(text: str) -> str:
    """Words of a change where nobody is meant: phrases in place of the values."""
    return _text(text, {})


# --- filling in -----------------------------------------------------------------------------------

_ADDRESSES = ("gateway", "lan_address", "lan_prefix", "public_address")


def _marked(steps: Iterable[PlayStep], found: Circumstances) -> Iterator[PlayStep]:
    """Whoever shows addresses masked still has to know that these are no real ones to type."""
    masks = [found.values[name] for name in _ADDRESSES if name in found.values]
    for step in steps:
        told = step.text if step.command is None else f"{step.text} {step.command.text}"
        if found.masked and any(mask in told for mask in masks):
            yield replace(step, text=f"{step.text} {playbooks.guidance('masked')}")
        else:
            yield step


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def _names(texts: Iterable[str]) -> list[str]:
    found = (name for text in texts for name in _PLACEHOLDER.findall(text))
    return list(dict.fromkeys(found))


def _text(text: str, values: Mapping[str, str], *, gaps: bool = False) -> str:
    """With the values. One that is not known is a phrase, or a gap that a step before explains."""
    filling = {name: values.get(name) or _unknown(name, gaps) for name in _names((text,))}
    return content.fill(text, **filling)


def _unknown(name: str, gaps: bool) -> str:
    words = playbooks.value_words(name)
    return f"`{words.gap}`" if gaps and words.gap else words.phrase


def _steps(
    steps: tuple[StepWords, ...], values: Mapping[str, str], system: System | None
) -> Iterator[PlayStep]:
    """The steps, each after how to find out what it wants and nobody knows."""
    told: set[str] = set()
    for step in steps:
        command = () if step.command is None else (step.command.text, step.command.back)
        for name in _names((step.text, *command)):
            words = playbooks.value_words(name)
            if name not in values and name not in told and words.find:
                told.add(name)
                show = words.commands.get(system.family, "") if system is not None else ""
                text = f"{words.find} {content.fill(playbooks.guidance('gap'), gap=words.gap)}"
                yield PlayStep(f"find-{name.replace('_', '-')}", text, _shown(show, system))
        yield _step(step, values, system)


def _shown(text: str, system: System | None) -> Command | None:
    """A command that only shows something."""
    if not text:
        return None
    shell = Shell.POWERSHELL if system is System.WINDOWS else Shell.SH
    return Command(text, shell.value, text.startswith("sudo "), False, "")


def _step(step: StepWords, values: Mapping[str, str], system: System | None) -> PlayStep:
    text, words = _text(step.text, values, gaps=True), step.command
    if words is None:
        return PlayStep(step.id, text, None)
    missing = [name for name in _names((words.text, words.back)) if name not in values]
    if system is not None and not missing:
        return PlayStep(step.id, text, _command(words, values, system))
    gaps = {name: playbooks.value_words(name).gap for name in missing}
    shown = content.fill(words.text, **{**values, **gaps})
    which = "command-there" if system is None else "command-gaps"
    filling = " and ".join(f"`{gap}`" for gap in dict.fromkeys(gaps.values()))
    more = content.fill(playbooks.guidance(which), command=shown, gaps=filling)
    if words.cuts:  # nobody can run it from here, so it is taken back by hand
        back = content.fill(words.back, **{**values, **gaps})
        by_hand = f"{playbooks.guidance('back-by-hand')} `{back}`"
        more = "\n\n".join((playbooks.guidance("cuts"), more, by_hand))
    return PlayStep(step.id, f"{text}\n\n{more}", None)


_WORDS = ("nft_chain", "nft_chain_out")
"""Values of several words: family, table and chain."""


def _command(words: CommandWords, values: Mapping[str, str], system: System) -> Command:
    shell, before = words.shell, ""
    if shell is Shell.TAILSCALE:
        shell = Shell.POWERSHELL if system is System.WINDOWS else Shell.SH
        # On Linux the service takes orders from root; elsewhere from whoever runs the app.
        before = "sudo " if words.as_root and system.family == "linux" else ""
    quote = _powershell if shell is Shell.POWERSHELL else shlex.quote
    filling = {
        name: " ".join(map(quote, value.split(" "))) if name in _WORDS else quote(value)
        for name, value in values.items()
    }
    back = content.fill(words.back, **filling)
    return Command(
        before + content.fill(words.text, **filling),
        shell.value,
        words.as_root and (words.shell is not Shell.TAILSCALE or bool(before)),
        words.cuts,
        before + back if back else "",
    )


def _powershell(value: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9.:/-]+", value)
    return value if plain else "'" + value.replace("'", "''") + "'"
