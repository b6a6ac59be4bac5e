"""The walk itself: one step after another, each of which says which one comes next."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, assert_never

from probes.options import Options
from probes.report import Report, broken_off, reduce
from probes.values import dataclass
from probes.version import __version__
from tui.exits import Exit
from tui.fixing.keeper import Keeper, folder
from tui.fixing.progress import Progress
from tui.networks import PRACTICE, Everything, Networks
from tui.output import NobodyReads, say, write_out
from tui.proving.proof import Proof
from tui.settings import Settings
from tui.sources import Opened, Replay, Source, closing
from tui.state import Measurement, Step
from tui.walking.anywhere import ANYWHERE, Turned, heard
from tui.walking.letters import LETTERS, SAID
from tui.walking.talk import Choice, Left, Talk

if TYPE_CHECKING:
    from probes.events import Event
    from probes.readings.tailscale import Peer
    from tui.masking import Masker

NEXT, BACK, QUIT = "next", "back", "quit"
_WORDS = {NEXT: "Next", BACK: "Back", QUIT: "Quit"}


@dataclass(slots=True)
class Walk:
    """What the steps share."""

    settings: Settings
    talk: Talk
    networks: Networks
    measure: Callable[[Settings, Source, Masker | None], Report]
    """Measures a source to its end, and tells meanwhile how it goes: through the mask, if any."""
    source: Source | None = None
    measurement: Measurement = field(default_factory=Measurement)
    raw: Report = field(default_factory=Report)
    """The latest report as it was measured: what is kept is not masked."""
    whole: Report | None = None
    """The same with what the latest test left out, after a test of some checks alone."""
    proof: Proof | None = None
    """What testing again is measured against."""
    later: tuple[Measurement, tuple[Peer, ...]] | None = None
    """The devices of a measurement, with paths that were seen after it."""
    keeper: Keeper = field(default_factory=lambda: Keeper(None, save=False))
    resumed: Progress | None = None
    """What was begun before this start and is gone on with, until the person is there."""

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The devices of what is looked at, each with its path as it was seen last."""
        if self.later is not None and self.later[0] is self.measurement:
            return self.later[1]
        return self.measurement.peers

    @property
    def practice(self) -> bool:
        """It is a network in memory, with a clock of its own."""
        return self.source is not None and self.source.title.startswith(PRACTICE)

    _masker: Masker | None = None

    def ask(self, question: str, choices: Sequence[Choice]) -> str:
        """The id of what the person chose. Raises Left for leaving."""
        return self._stay(self.talk.ask(question, choices, ANYWHERE), question, choices)

    def pick(self, question: str, choices: Sequence[Choice]) -> str:
        """The same without telling the choices once more."""
        return self._stay(self.talk.pick(question, choices, ANYWHERE), question, choices)

    def _stay(self, found: str, question: str, choices: Sequence[Choice]) -> str:
        """What was chosen, after whatever else was asked for meanwhile."""
        while found in ANYWHERE:
            heard(self, found)
            found = self.talk.pick(question, choices, ANYWHERE)
        if found == QUIT:
            raise Left
        return found

    def begin(self, chosen: Measurement) -> None:
        """Something else is looked at from here on."""
        self.measurement = chosen
        self.whole, self.proof = None, None
        # A report from elsewhere is told with the commands: its network is not at hand.
        self.talk.names = {} if isinstance(self.source, Opened | Replay) else SAID

    def at(self, step: Step) -> None:
        """The person is at this step of a fix: there the next start goes on, if it is begun."""
        if self.keeper.progress.begun:
            self.keeper.change(replace(self.keeper.progress, step=step))

    @property
    def masker(self) -> Masker | None:
        """What hides addresses and names, where that was asked for."""
        if self._masker is None and self.settings.privacy:
            from tui.masking import Masker

            self._masker = Masker()
        return self._masker

    def shown(self, report: Report) -> Report:
        """The report as the person may see it."""
        self.raw = report
        return report if self.masker is None else self.masker.report(report)

    def run(self, options: Options | None = None) -> Report:
        """Measure what was chosen. Raises KeyboardInterrupt."""
        if self.source is None:
            raise RuntimeError("nothing was chosen")
        settings = self.settings
        if options is not None:
            settings = replace(settings, options=options)
        found = self.measure(settings, self.source, self.masker)
        self.keeper.tested()
        return self.shown(found)


def moves(*which: str, last: str = "") -> tuple[Choice, ...]:
    """The letters that lead out of a step; `last` says what comes next."""
    return tuple(
        Choice(
            LETTERS[each],
            f"{_WORDS[each]}: {last}" if last and each == NEXT else _WORDS[each],
            each,
        )
        for each in which
    )


def follow(walk: Walk, step: Step) -> None:
    """From a step to wherever the person goes. Raises Left."""
    while True:
        try:
            step = _after(walk, step)
        except Turned as turned:
            step = turned.step or step


def _after(walk: Walk, step: Step) -> Step:
    """One step, and which one comes next. Raises Left and Turned."""
    match step:
        case Step.CHOOSE:
            from tui.walking.choose import choose

            return choose(walk)
        case Step.MEASURE:
            from tui.walking.measure import measure

            return measure(walk)
        case Step.UNDERSTAND:
            from tui.walking.understand import understand

            return understand(walk)
        case Step.FIX:
            from tui.walking.fix import fix

            return fix(walk)
        case Step.PROVE:
            from tui.walking.prove import prove

            return prove(walk)
        case _:
            assert_never(step)


def begin(walk: Walk) -> Step:
    """Where the walk begins: where something was begun before, the person may go on there."""
    from tui.walking.going_on import offered

    title = "" if walk.source is None else walk.source.title
    try:
        if (found := walk.keeper.latest(title)) is not None and offered(walk, found):
            return Step.MEASURE
    except Turned as turned:
        return turned.step or begin(walk)
    return Step.CHOOSE if walk.source is None else Step.MEASURE


def run_walk(settings: Settings) -> Exit:
    """The walk in a conversation. Leaving is 0, whatever was found. Raises KeyboardInterrupt."""
    talk = Talk(write_out, sys.stdin.readline, settings.ascii, sys.stdin.fileno())
    keeper = Keeper(folder(settings.save), save=settings.save)
    walk = Walk(settings, talk, Everything(), _measured, settings.source, keeper=keeper)
    if walk.source is not None:
        walk.begin(Measurement(walk.source.title, peer=settings.options.peer))
    try:
        talk.tell(
            f"whyrelay {__version__}, as text. It finds out why a connection is relayed.",
            "Five steps: choose, measure, understand, fix, prove. Answer each question with a "
            "number, a letter or a word of those that it names, then Enter. Enter alone tells the "
            "answers once more; ? explains a word; q leaves.",
        )
        follow(walk, begin(walk))
    except Left:
        return Exit.DIRECT
    except NobodyReads as error:
        say(str(error))
    return Exit.DIRECT


@dataclass(slots=True)
class _Veiled:
    """A source that is told of through a mask, while what it really said is kept."""

    source: Source
    masker: Masker | None
    report: Report = field(default_factory=Report)

    @property
    def title(self) -> str:
        return self.source.title

    async def run(self, options: Options) -> AsyncIterator[Event]:
        async with closing(self.source.run(options)) as events:
            async for event in events:
                self.report = reduce(self.report, event)
                yield event if self.masker is None else self.masker.event(event)


def _measured(settings: Settings, source: Source, masker: Masker | None) -> Report:
    from tui.check import Form, told
    from tui.narration import Silent

    veiled, virtual = _Veiled(source, masker), source.title.startswith(PRACTICE)
    # Where nobody waits, the list at the end says all.
    told(settings, veiled, Form.PLAIN, virtual=virtual, ear=Silent() if virtual else None)
    return veiled.report if veiled.report.closed else broken_off(veiled.report)
