"""Prove: measure again and compare. What this step cannot do yet, it says."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.widget import Widget

from tui import content
from tui.screens.fix import page_blocks
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.widgets.detail import Detail
from tui.widgets.page import Block, gap, heading, title
from tui.widgets.text import hint
from tui.widgets.verdict import sentence, verdict_tone


class ProvePane(Pane):
    """The verdict as it stands, and how to test it."""

    STEP: ClassVar[Step] = Step.PROVE

    def compose(self) -> ComposeResult:
        """One page."""
        yield Detail("proof")

    def first_focus(self) -> Widget | None:
        """The page."""
        return self.query_one(Detail)

    def to_copy(self) -> str:
        """The page."""
        return self.query_one(Detail).page.plain()

    def show(self, measurement: Measurement) -> None:
        """The latest verdict, and the words."""
        page = content.page("prove")
        blocks: list[Block] = []
        if measurement.title:
            tone = verdict_tone(measurement)
            blocks += [heading("As it stands"), title(sentence(measurement), tone), gap]
        detail = self.query_one(Detail)
        detail.show(
            "prove",
            [*blocks, *page_blocks(page)],
            title=page.title,
            hint=hint("r test again", "retest"),
        )
