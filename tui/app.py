"""The app: runs one source at a time and hands what is known of it to the screens."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, NoColor
from textual.markup import escape
from textual.reactive import reactive, var
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from probes.version import __version__
from tui.command import remap
from tui.commands import COMMANDS, EVERYWHERE, PALETTE, STEP_COMMANDS, WALK
from tui.conductor import Conductor
from tui.exits import Exit
from tui.keymap import Keymap
from tui.leaving import Leaving
from tui.networks import Everything, Networks
from tui.remeasuring import Remeasuring
from tui.returning import Returning
from tui.screens.walk import WalkScreen
from tui.settings import Settings
from tui.state import Measurement
from tui.theme import DARK, LIGHT, VARIABLES
from tui.widgets.glass import Glass
from tui.widgets.text import visible

if TYPE_CHECKING:
    from textual.command import Provider

    from probes.readings.tailscale import Peer
    from probes.report import Report
    from tui.fixing.keeper import Keeper
    from tui.fixing.progress import Progress
    from tui.masking import Masker
    from tui.proving.following import Following

_BEAT_S = 0.125
"""Between two frames of the running sign."""
_GARBAGE = 20_000
"""So many new objects before garbage is looked for: a tailnet of 10 000 devices is made of more."""
_WIDTHS = [(0, "-narrow"), (76, "-middle"), (104, "-wide")]
_HEIGHTS = [(0, "-short"), (22, "-medium"), (32, "-tall")]


def _actions() -> type[Provider]:
    """What fills the palette, imported with its first use."""
    from tui.palette import Actions

    return Actions


class WhyrelayApp(Remeasuring, Leaving):
    """The walk from "it is relayed" to "it is direct"."""

    TITLE = "whyrelay"
    # Textual loads a default screen's own style sheet too late, so it is named here.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/walk.tcss"]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_actions}
    BINDINGS: ClassVar[list[BindingType]] = [
        *(command.binding() for command in EVERYWHERE if command.keys and command is not PALETTE),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True),
    ]

    measurement: reactive[Measurement] = reactive(Measurement())
    """What the screens show. Masked where the person asked for it."""
    beat: var[int] = var(-1)
    """Frame of the running sign; -1 while it stands still."""
    privacy: var[bool] = var(False)
    followed: var[int] = var(0)
    """Grows with each ping and each look that was heard of."""

    def __init__(
        self,
        settings: Settings,
        version: str = __version__,
        networks: Networks | None = None,
        keymap: Keymap | None = None,
        masker: Masker | None = None,
    ) -> None:
        """`masker` hides what is not to be shown; without one it is made when first needed, with a
        key that nobody knows.
        """
        super().__init__()
        self._own_keys = keymap if keymap is not None else Keymap()
        remap(self._own_keys.keys)
        self.settings = settings
        self.version = version
        self.networks: Networks = networks if networks is not None else Everything()
        self.conductor = Conductor(self, settings.source, masker)
        self._keeper: Keeper | None = None
        self.returning = Returning(self)
        self._following: Following | None = None
        self._glass = Glass(settings.ascii)
        self._ticker: Timer | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = (LIGHT if _light_terminal() else DARK).name
        self.set_reactive(WhyrelayApp.privacy, settings.privacy)

    @property
    def following(self) -> Following:
        """Pings and looks under way. Made when first needed."""
        if self._following is None:
            from tui.proving.following import Following

            self._following = Following(self)
        return self._following

    def peers_now(self, measurement: Measurement) -> tuple[Peer, ...]:
        """The devices of what was measured, each with its path as it was seen last."""
        listed = measurement.peers
        if self._following is None or not listed:
            return listed
        real = self.conductor.real(measurement.title).peers
        return self._following.all_seen(measurement.title, listed, real)

    def report_now(self) -> Report:
        """What is known of what is looked at, each device with its path as it was seen last: what a
        change is held against. Never masked."""
        known = self.conductor.latest
        if self._following is None:
            return known.report
        from probes.readings.tailscale import PEERS
        from tui.peers import with_paths

        seen, listed = self._following.seen, known.report.value(PEERS) or ()
        return with_paths(known.report, tuple(seen(known.title, each) for each in listed))

    def tested(self) -> None:
        """A run came to its end."""
        if self._keeper is not None:
            self._keeper.tested()

    def paths_measured(self, title: str) -> None:
        """A run has read the paths to all peers: they are as it says, from now on."""
        if self._following is not None:
            self._following.measured(title)

    def leave_pings(self, title: str, peer: str) -> None:
        """Another device is looked at: nobody waits for the answers of the one before."""
        if self._following is not None and (title, peer) != self._following.whom:
            self._following.stop_ping()

    @property
    def keeper(self) -> Keeper:
        """Keeps how far the person is. Made when first needed."""
        if self._keeper is None:
            from tui.fixing.keeper import Keeper, folder

            self._keeper = Keeper(folder(self.settings.save), save=self.settings.save)
        return self._keeper

    @property
    def progress(self) -> Progress:
        """How far the person is with the fixes of the network that is looked at."""
        held = self.conductor.latest
        if not held.closed and self.keeper.progress.title == held.title:
            return self.keeper.progress  # which network it is shows at the end of the run
        return self.keeper.open(held.title, held.report.network_id)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colour names, for a theme that does not know them."""
        return VARIABLES

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Everything that is drawn passes the glass last.

        Under NO_COLOR nothing keeps a colour, greys included: the terminal's own two are used.
        """
        colours = [NoColor()] if self.no_color else super().get_line_filters()
        return [*colours, self._glass]

    def get_default_screen(self) -> Screen[object]:
        """The steps."""
        return WalkScreen()

    def on_mount(self) -> None:
        """Begin measuring right after the first paint."""
        if self.settings.ascii:
            self.add_class("-ascii")
        moves = not self.settings.reduced_motion and self.animation_level != "none"
        if moves:
            self._ticker = self.set_interval(_BEAT_S, self._tick, pause=True)
        self._take_keys()
        given = self.settings.source
        self.conductor.announce(given if given is not None else self.networks.this())
        # What a run needs is imported when it begins: the first picture need not wait for that.
        self.call_after_refresh(self.conductor.begin)

    def _take_keys(self) -> None:
        """The person's own keys, and what of them could not be used."""
        keys = self._own_keys.keys
        if keys:
            self.set_keymap(dict(keys))
            for command in COMMANDS:
                if command.id in keys and (not command.keys or command is PALETTE):
                    walk = command in WALK
                    action = f"screen.{command.action}" if walk else command.action
                    self.bind(keys[command.id], action, description=command.title, show=False)
        if self._own_keys.troubles:
            self.say("\n".join(self._own_keys.troubles), 15)

    def on_ready(self) -> None:
        """The first picture is there, and what was made for it stays: see `run_app`."""
        if not gc.isenabled():
            gc.freeze()
            gc.set_threshold(_GARBAGE)
            gc.enable()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The run has something to tell."""
        self.conductor.told(event)

    def watch_measurement(self, measurement: Measurement) -> None:
        """The ticker runs only while something does; at the end of a run it shows where it was."""
        if measurement.closed:
            self.returning.measured()
        if self._ticker is None:
            return
        if measurement.running:
            self._ticker.resume()
        else:
            self._ticker.pause()
            self.beat = -1

    def _tick(self) -> None:
        self.beat += 1

    def action_theme(self) -> None:
        """Light to dark, or back."""
        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name

    def action_privacy(self) -> None:
        """Mask addresses and names, or show them again."""
        self.privacy = not self.privacy
        self.conductor.show_again()
        self.say("Addresses and names are masked." if self.privacy else "Addresses are shown.")

    async def action_explain(self) -> None:
        """Explain what the cursor is on."""
        screen = self.screen
        if isinstance(screen, WalkScreen):
            await self._help(screen.topic())

    async def action_help(self) -> None:
        """How to get about."""
        await self._help("keys")

    async def action_glossary(self) -> None:
        """The terms."""
        from tui.screens.topics import first_term

        await self._help(first_term())

    async def action_explain_term(self, spelling: str) -> None:
        """A term of the glossary, from a link."""
        from tui.content import term

        if (found := term(spelling)) is not None:
            await self._help(f"term:{found.id}")

    async def _help(self, topic: str) -> None:
        from tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.screen.show(topic)
        else:
            await self.push_screen(HelpScreen(topic, self.measurement.report))

    async def action_quit(self) -> None:
        """Leave at once; whatever runs is cancelled."""
        self.exit(0)

    def action_interrupt(self) -> None:
        """ctrl+c ends the program as it ends any other."""
        self.exit(Exit.INTERRUPTED)

    def action_help_quit(self) -> None:
        """Textual's own answer to ctrl+c is not needed."""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the program, and every practice network, by name."""
        walking = isinstance(screen, WalkScreen)
        for command in (*WALK, *EVERYWHERE) if walking else EVERYWHERE:
            if command is not PALETTE:
                key = f" ({command.every_key})" if command.every_key else ""
                act = partial(self.call_later, screen.run_action, command.action)
                discover = command not in STEP_COMMANDS
                yield SystemCommand(command.title + key, command.help, act, discover)
        if isinstance(screen, WalkScreen):
            for practice in self.networks.practice():
                go = partial(self._practise, screen, practice.name)
                name = f"Practise on {visible(practice.name)}"
                # The palette reads its lines of help as markup.
                yield SystemCommand(name, escape(visible(practice.description)), go, False)

    def _practise(self, screen: WalkScreen, name: str) -> None:
        screen.choose(self.networks.open(name))

    def _fatal_error(self) -> None:
        """A fault of ours: the terminal is restored first, `run_app` raises it afterwards."""
        self._close_messages_no_wait()


def _light_terminal() -> bool:
    """Whether the terminal says that its ground is light (COLORFGBG, "text;ground")."""
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return ground in ("7", "15")
