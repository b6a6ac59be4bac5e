"""Before and after as text: to be copied, or kept as a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from probes.tailscale.netcheck import netcheck_view
from tui import content, storage
from tui.content import plain
from tui.explain import explain_cause
from tui.proving.compare import Comparison, Outcome
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
            yield f"{name}, {side.report.taken_at}: {side.sentence}"
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
        yield f"Cause, {content.label(each.fate)}: {words.title}. {plain(words.sentence)}"
    if found.kept:
        names = ", ".join(content.check(check).title for check in sorted(found.kept))
        yield ""
        yield f"{plain(content.page('proof').sections['kept'])} {names}"
    yield ""
    yield "netcheck, before -> after"
    old, new = netcheck_view(before.report), netcheck_view(after.report)
    for key in new:
        same = old.get(key) == new[key]
        yield f"{key}: {new[key]}" if same else f"{key}: {old.get(key)} -> {new[key]}"


def save(text: str, taken_at: str) -> Path | None:
    """Keep it as a new file here, or else where the program keeps its state. None: nowhere.

    Whole or not at all, and readable by its owner alone.
    """
    stamp = re.sub(r"[^0-9]", "", taken_at)[:14] or "now"
    places = [Path.cwd(), storage.state_dir()]
    for folder in places:
        for number in range(1, 100):
            tail = "" if number == 1 else f"-{number}"
            path = folder / f"whyrelay-proof-{stamp}{tail}.txt"
            if path.exists():
                continue
            if storage.write(path, text.encode("utf-8", "replace"), replace=False):
                return path
            break
    return None
