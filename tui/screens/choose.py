"""Choose: a device of the tailnet, this network, what was measured elsewhere, or practice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui.content import Tone
from tui.networks import PRACTICE, Practice
from tui.screens.devices import HERE, PEER, TAILNET, Devices
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.widgets.detail import Detail
from tui.widgets.filter import Filter
from tui.widgets.page import prose
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import say, spaced

if TYPE_CHECKING:
    from probes.readings.tailscale import Peer
    from tui.screens.walk import WalkScreen
    from tui.sources import Source

# What shows devices needs the readings, which are imported with the first of them: the first
# picture need not wait for it.

THIS = "this"
GIVEN = "given"
"""What the program was started on, where that is no network of the list: a recording."""
OPEN = "open"
"""What another device measured, to be pasted or read."""
GO_ON = "go-on"
"""What was begun before this start."""
_MEMORY = "practice:"
"""Before a practice network's name, which may be any word: also one of those above."""
_NOTHING = "Press escape to see everything again."


class ChoosePane(Pane):
    """What can be looked at."""

    STEP: ClassVar[Step] = Step.CHOOSE

    def __init__(self) -> None:
        super().__init__()
        self._practice: tuple[Practice, ...] = ()
        self._devices = Devices(self._lay_peer)
        self._seen: object = None

    def compose(self) -> ComposeResult:
        """The list with its filter, and what the cursor is on."""
        with Vertical(id="networks", classes="panel") as panel:
            panel.border_title = say("What do you want to look at?")
            yield Filter("network-rows", "/ to filter by name, path or description", self._narrow)
            yield RowList("network-rows")
        yield Detail("network-detail")

    def on_mount(self) -> None:
        """The practice networks are read after the first paint, unless one is looked at."""
        super().on_mount()
        self.watch(self.app, "followed", self._followed, init=False)
        if self.whyrelay.settings.source is not None:
            self._list_practice()
            return
        self._fill()
        self.call_after_refresh(self._list_practice)

    def _list_practice(self) -> None:
        self._practice = self.whyrelay.networks.practice()
        begun = self.whyrelay.returning.look()
        self._fill()
        if begun is not None and self.whyrelay.settings.source is None:
            self._rows.cursor = GO_ON
            if self._awake:
                self.whyrelay.returning.welcome()
        self._explain()

    def wake(self) -> None:
        """Enter looks at what the cursor is on: it begins on what is looked at."""
        super().wake()
        row = self._row_of(self.measurement)
        if row.startswith(_MEMORY) and self._devices.title == self.measurement.title:
            row = (
                self._devices.first_relayed() or row
            )  # both do not fit, and this is what one is for
        if row in self._rows.ids:
            self._rows.cursor = row

    def _row_of(self, measurement: Measurement) -> str:
        if measurement.chosen is not None:
            return self._devices.row_of(measurement.chosen)
        title = measurement.title
        if (given := self._given()) is not None and title == given.title:
            return GIVEN
        if title in self.whyrelay.conductor.opened:
            return f"read:{title}"
        if title.startswith(PRACTICE):
            return f"{_MEMORY}{title.removeprefix(PRACTICE)}"
        return THIS

    def _given(self) -> Source | None:
        """What the program was started on, if it is not in the list anyway."""
        given = self.whyrelay.settings.source
        if given is None or given.title == HERE:
            return None
        listed = {f"{PRACTICE}{each.name}" for each in self._practice}
        return None if given.title in listed else given

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    def first_focus(self) -> Widget | None:
        """The list."""
        return self._rows

    def topic(self) -> str:
        """What choosing means."""
        return "step:choose"

    def to_copy(self) -> str:
        """The words on what the cursor is on."""
        return self.query_one(Detail).page.plain()

    def filter(self) -> None:
        """Go and type."""
        self.query_one(Filter).take_keys()

    def show(self, measurement: Measurement) -> None:
        """The line of what is being measured changes with the run; devices come with it."""
        held = self._with_devices(measurement)
        if self._devices.told(held, self.whyrelay.peers_now) or self._seen != self._listed():
            self._fill()
            # What is typed is compared with texts that are made now, and not with the first key.
            self.call_after_refresh(self._devices.index)
        else:
            self._rows.refresh()
        self._explain()

    def _followed(self) -> None:
        """A path may have changed."""
        self._shown = None
        self._changed()

    def _with_devices(self, measurement: Measurement) -> Measurement:
        """What is looked at, unless it knows of no devices: then this network, as last measured."""
        here = self.whyrelay.conductor.held(HERE)
        if measurement.begun is None or measurement.title == HERE or here is None:
            return measurement
        from probes.readings.tailscale import PEERS

        return measurement if measurement.begun.value(PEERS) else here

    def _listed(self) -> object:
        return tuple(self.whyrelay.conductor.opened)

    def _fill(self) -> None:
        words = self.query_one(Filter).words

        def fits(*texts: str) -> bool:
            text = " ".join(texts).casefold()
            return all(word in text for word in words)

        self._seen = self._listed()
        rows: list[Row] = []
        if self.whyrelay.returning.found is not None and fits("go on where you were"):
            rows.append(Row(GO_ON, self._lay_go_on))
        if (given := self._given()) is not None and fits(given.title):
            rows.append(self._known_row(GIVEN, given.title, given.title))
        if fits("this network", "here now"):
            where = "where this device is now, no Tailscale needed"
            rows.append(self._known_row(THIS, HERE, "This network", where))
        if fits("another device", "paste open file netcheck status ping"):
            rows.append(Row(OPEN, self._lay_open))
        for title in self.whyrelay.conductor.opened:
            if fits(title) and (given is None or given.title != title):
                rows.append(self._known_row(f"read:{title}", title, title))
        rows += self._devices.rows(self.query_one(Filter).value, self._lay_trouble)
        found = [each for each in self._practice if fits(each.name, each.description)]
        if found:
            rows.append(head("Practice networks, in memory: nothing is sent"))
            rows += [
                Row(f"{_MEMORY}{each.name}", partial(self._lay_practice, each)) for each in found
            ]
        self._rows.set_rows(rows or [head("Nothing fits.")])
        fitting = f"{spaced(sum(bool(row.id) for row in rows))} fit" if words else ""
        self.query_one("#networks").border_subtitle = say(fitting)

    def _known_row(self, row: str, title: str, name: str, unknown: str = "") -> Row:
        def lay(width: int) -> Content:
            from tui.screens.choices import known_line

            return known_line(self.whyrelay.conductor.held(title), name, unknown, width)

        return Row(row, lay)

    def _lay_practice(self, practice: Practice, width: int) -> Content:
        from tui.screens.choices import practice_line

        known = self.whyrelay.conductor.held(f"{PRACTICE}{practice.name}")
        return practice_line(known, practice.name, practice.description, width)

    def _lay_go_on(self, width: int) -> Content:
        from tui.screens.choices import go_on_line

        return go_on_line(self.whyrelay.returning.found, width)

    def _lay_open(self, width: int) -> Content:
        from tui.screens.choices import plain_line

        about = "paste what it printed, or name a file"
        return plain_line("←", "Another device", about, None, width)

    def _lay_peer(self, peer: Peer, width: int) -> Content:
        from tui.screens.choices import peer_line

        chosen = self.measurement.chosen
        return peer_line(peer, chosen is not None and peer.key == chosen.key, width)

    def _lay_trouble(self, which: str, width: int) -> Content:
        from tui import content
        from tui.screens.choices import plain_line
        from tui.theme import LOOKS

        tone = Tone.RUNNING if which == "asking" else Tone.NOTE
        words = content.plain(content.tailnet(which).label)
        return plain_line(LOOKS[tone].glyph, words, "", tone, width)

    def _narrow(self) -> None:
        """Filter as it is typed."""
        self._fill()
        self._explain()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another line."""
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter, or a double click."""
        self.take()

    def take(self) -> None:
        """Look at what the cursor is on, measuring it if need be."""
        row, networks = self._rows.cursor, self.whyrelay.networks
        walk, conductor = cast("WalkScreen", self.screen), self.whyrelay.conductor
        if row == OPEN:
            walk.action_open()
        elif row == GO_ON:
            walk.call_later(walk.action_go_on)
        elif row == TAILNET:
            self.whyrelay.action_retest()
        elif row.startswith(PEER):
            title = self._devices.title
            source = conductor.source
            if source is None or source.title != title:
                source = networks.this()
            walk.choose(source, conductor.peer_key(title, self._devices.place(row)))
        elif row.startswith("read:"):
            walk.choose(conductor.opened[row.removeprefix("read:")])
        elif row:
            given = self._given() if row == GIVEN else None
            name = row.removeprefix(_MEMORY)
            walk.choose(given or (networks.this() if row == THIS else networks.open(name)))

    def _explain(self) -> None:
        from tui.screens import choices

        row, detail = self._rows.cursor, self.query_one(Detail)
        held = self.whyrelay.conductor.held
        if not row:
            detail.show("", [prose(_NOTHING, "$quiet")], title="–")
        elif row == GO_ON:
            found = self.whyrelay.returning.found
            detail.show(row, choices.about_go_on(found), title="What you began")
        elif row == OPEN:
            detail.show(row, choices.about_open(), title="Measured on another device")
        elif row == TAILNET:
            which = self._devices.trouble
            detail.show(row + which, choices.about_trouble(which), title="Your devices")
        elif row.startswith(PEER):
            peer = self._devices.at(row)
            detail.show(row, choices.about_peer(peer), title=peer.name)
        elif row == THIS:
            detail.show(row, choices.about_this(held(HERE)), title="This network")
        elif row == GIVEN or row.startswith("read:"):
            title = row.removeprefix("read:")
            given = self._given() if row == GIVEN else None
            title = given.title if given is not None else title
            read = title in self.whyrelay.conductor.opened
            detail.show(row, choices.about_given(title, held(title), read=read), title=title)
        else:
            name = row.removeprefix(_MEMORY)
            practice = next(each for each in self._practice if each.name == name)
            blocks = choices.about_practice(practice.description, held(f"{PRACTICE}{name}"))
            detail.show(row, blocks, title=practice.name)
