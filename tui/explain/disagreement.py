"""Contradictions between witnesses in words: every account, and why they may differ."""

from __future__ import annotations

from probes.diagnosis.disagreements import disagreements_of
from probes.diagnosis.witnesses import Account, Disagreement, Topic
from probes.model import Filtering
from probes.readings import KEYS
from probes.report import Report
from tui import content
from tui.content import Tone
from tui.explain.words import Explained, Fact, evidence


def explain_disagreements(report: Report) -> tuple[Explained, ...]:
    """Every contradiction of a report, as a finding of its own."""
    return tuple(_explained(each, report) for each in disagreements_of(report))


def _explained(found: Disagreement, report: Report) -> Explained:
    accounts = [(content.label(each.witness), _says(found.what, each)) for each in found.accounts]
    readings = (*(each.reading for each in found.accounts), *found.because)
    about = content.label(found.what)
    return Explained(
        id=f"differ:{found.what}",
        title=about[0].upper() + about[1:],
        question=content.disagreement("question"),
        value=", ".join(dict.fromkeys(says for _, says in accounts)),
        tone=Tone.NOTE,
        label=content.disagreement("label"),
        meaning="; ".join(f"{who}: {says}" for who, says in accounts) + ".",
        interpretation=content.fill(
            content.disagreement("for-you"), reason=content.label(found.likely_because)
        ),
        next_step=content.disagreement("next"),
        evidence=evidence(report, [KEYS[each] for each in dict.fromkeys(readings)]),
        facts=tuple(Fact(who, says) for who, says in accounts),
    )


def _says(topic: Topic, account: Account) -> str:
    """An account in plain words: a filtering has its own, all else is a word or an address."""
    return content.label(Filtering(account.says)) if topic is Topic.FILTERING else account.says
