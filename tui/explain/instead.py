"""Where a report knows more of a cause than its own words say: which words stand in their place."""

from __future__ import annotations

from collections.abc import Callable

from probes.diagnosis.model import CauseId, NatClass
from probes.diagnosis.nat import nat_of
from probes.model import Family
from probes.readings import firewall
from probes.readings.firewall import Fate, Judgement
from probes.readings.key import Key
from probes.report import Report
from tui.explain import facts
from tui.explain.filling import PROVIDERS_NAT, nat_name


def instead(cause_id: CauseId, report: Report) -> str:
    """An id of ``labels/instead``; "" where the cause's own words are all there is to say."""
    rules = _RULES.get(cause_id, {})
    return next((words for words, holds in rules.items() if holds(report)), "")


def _provider(report: Report) -> bool:
    return nat_name(report) == PROVIDERS_NAT


def _class_is(wanted: NatClass) -> Callable[[Report], bool]:
    def holds(report: Report) -> bool:
        nat = nat_of(report, Family.V4)
        # A hard NAT that counts as easy for its open port has been opened, by somebody.
        return nat.nat_class is wanted and (wanted is NatClass.HARD or not nat.varies)

    return holds


def _fate_is(key: Key[Judgement], fate: Fate) -> Callable[[Report], bool]:
    def holds(report: Report) -> bool:
        judged = report.value(key)
        return judged is not None and judged.fate is fate

    return holds


_RULES: dict[CauseId, dict[str, Callable[[Report], bool]]] = {
    CauseId.HARD_NAT: {"hard-nat-of-provider": _provider},
    CauseId.CGNAT: {
        "cgnat-easy": _class_is(NatClass.EASY),
        "cgnat-hard": _class_is(NatClass.HARD),
    },
    CauseId.NO_NETWORK: {"offline": facts.no_way_out},
    CauseId.INBOUND_BLOCKED: {
        "kept-out-here": _fate_is(firewall.INBOUND4, Fate.BLOCKED),
        "kept-out-before": _fate_is(firewall.INBOUND4, Fate.ALLOWED),
    },
    CauseId.HOST_FIREWALL: {"shut-in": _fate_is(firewall.OUTBOUND4, Fate.BLOCKED)},
}
"""By cause: words and when they hold, the first that holds before all others."""
