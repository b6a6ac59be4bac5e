"""What the five steps have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from tui.command import Command
from tui.commands import FOOTER
from tui.state import Measurement, Step

if TYPE_CHECKING:
    from tui.app import WhyrelayApp


class Pane(Container):
    """One step of the walk. It renders the app's measurement while it is the one that is seen."""

    STEP: ClassVar[Step]

    class Achieved(Message):
        """Something came of a step, or does not count any more."""

        def __init__(self, step: Step, *, so: bool) -> None:
            super().__init__()
            self.step, self.so = step, so

    def __init__(self) -> None:
        super().__init__(id=str(self.STEP))
        self._shown: tuple[Measurement, frozenset[str]] | None = None
        self._awake = False

    @property
    def whyrelay(self) -> WhyrelayApp:
        """The app, by its own type."""
        return cast("WhyrelayApp", self.app)

    @property
    def measurement(self) -> Measurement:
        """What there is to show."""
        return self.whyrelay.measurement

    def on_mount(self) -> None:
        """Follow the run."""
        self.watch(self.app, "measurement", self._changed, init=False)

    def wake(self) -> None:
        """It is seen from now on."""
        self._awake = True
        self._changed()

    def rest(self) -> None:
        """It is not seen any more: what changes meanwhile is caught up with later."""
        self._awake = False

    def on_resize(self) -> None:
        """What is shown depends on the room there is."""
        self._changed()

    def _changed(self) -> None:
        seen = (self.measurement, self.screen.classes)
        if self._awake and seen != self._shown:
            self._shown = seen
            with self.app.batch_update():
                self.show(self.measurement)

    def show(self, measurement: Measurement) -> None:
        """Render it."""
        raise NotImplementedError

    class Keys(Message):
        """Other keys matter now."""

    def footer(self) -> tuple[Command, ...]:
        """The keys that matter now: at most six."""
        return FOOTER[self.STEP]

    def keys_changed(self) -> None:
        """To be called where `footer` may be another one."""
        self.post_message(self.Keys())

    def achieved(self, so: bool) -> None:
        """Whether something came of the step, with what is looked at."""
        self.post_message(self.Achieved(self.STEP, so=so))

    def first_focus(self) -> Widget | None:
        """What has the focus when the step is entered."""
        return None

    def topic(self) -> str:
        """The help topic of what the cursor is on."""
        return f"step:{self.STEP}"

    def to_copy(self) -> str:
        """What is explained right now, as text; "" where there is nothing."""
        return ""

    async def point_at(self, row: str) -> None:
        """Bring the cursor to a line, where there is such a line."""

    def to_copy_name(self) -> str:
        """What `to_copy` returns, for the note about it."""
        return "this explanation"

    def copied(self) -> None:
        """It was copied, as far as can be known."""
