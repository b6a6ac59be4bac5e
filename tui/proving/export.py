"""Before and after as text: to be copied, or kept as a file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tui import content, storage
from tui.content import plain
from tui.explain import explain_cause, explain_fields
from tui.proving.compare import Comparison, Outcome
from tui.proving.fates import fate_words
from tui.proving.proof import Proof
from tui.proving.telling import done_words, outcome_label, side_of


def text_of(
    title: str,
    proof: Proof,
    found: Comparison,
    chosen: str = "",
    mask: Callable[[str], str] = str,
) -> str:
    """The whole comparison. What is masked in the reports is masked here. `chosen`: the device that
    was chosen; `mask` is for the names of others."""
    done = done_words(proof, chosen, mask)
    return "\n".join(_lines(title, done, found)) + "\n"


def _lines(title: str, done: Sequence[str], found: Comparison) -> Iterator[str]:
    before, after = found.before, found.after
    yield f"whyrelay: before and after, {title}"
    yield from (f"Changed: {each}" for each in done)
    yield f"Result: {outcome_label(found)}"
    yield ""
    elsewhere = found.outcome is Outcome.ELSEWHERE
    for name, side in (("Before", before), ("After", after)):
        if side is after or not elsewhere:
            yield f"{name}, {_when(side.report.taken_at)}: {side.sentence}"
    if elsewhere:
        yield ""
        yield plain(content.proof("elsewhere"))
        return
    yield ""
    for line in found.lines:
        same = "" if line.changed else "  (as before)"
        change = f"{line.before.text} -> {line.after.text}" if line.changed else line.after.text
        yield f"{line.name}: {change}{same}"
    yield ""
    for each in found.causes:
        words = explain_cause(each.cause, side_of(each, found).report)
        yield f"Cause, {fate_words(each)}: {words.title}. {plain(words.sentence)}"
    if found.kept:
        names = ", ".join(content.check(check).title for check in sorted(found.kept))
        yield ""
        yield f"{plain(content.page('proof').sections['kept'])} {names}"
    yield ""
    yield "As netcheck says it"
    fields = (explain_fields(each.report) for each in (before, after))
    for old, new in zip(*fields, strict=True):
        change = new.value if old.value == new.value else f"{old.value} -> {new.value}"
        yield f"{new.title}: {change}"


def _when(taken_at: str) -> str:
    """``2026-01-15 12:00:00 UTC``."""
    return f"{taken_at[:19].replace('T', ' ')} UTC"


def places(taken_at: str) -> list[Path]:
    """Where it can be kept, each as a new file: in the folder where the program was started, then
    where the program keeps its state. None at all where nothing can be written."""
    stamp = re.sub(r"[^0-9]", "", taken_at)[:14] or "now"
    folders = [Path.cwd(), storage.state_dir()]
    named = (_free(folder, f"whyrelay-proof-{stamp}") for folder in folders if _can_hold(folder))
    return [path for path in named if path is not None]


def _can_hold(folder: Path) -> bool:
    """A file can be made in it, or it can be made itself."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _free(folder: Path, name: str) -> Path | None:
    tails = ("", *(f"-{number}" for number in range(2, 100)))
    paths = (folder / f"{name}{tail}.txt" for tail in tails)
    return next((path for path in paths if not path.exists()), None)


def save(text: str, path: Path) -> bool:
    """Keep it as this new file, whole or not at all, readable by its owner alone. False: it could
    not be, or a file was there first."""
    return storage.write(path, text.encode("utf-8", "replace"), replace=False)
