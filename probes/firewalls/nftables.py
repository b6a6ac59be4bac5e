"""`nft -j list ruleset` into common rules (libnftables-json(5)).

Rules that iptables-nft wrote appear here with opaque ``xt`` parts: `iptables-save` tells them
whole, so its tables take the place of these.
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from probes.clean import clean
from probes.firewalls.nft_conditions import (
    MOST_ALTERNATIVES,
    Sets,
    elements,
    match,
    value_of,
)
from probes.firewalls.nft_text import rule_text
from probes.firewalls.rules import (
    NEVER,
    UNCLEAR,
    Act,
    Base,
    Chain,
    ChainId,
    Condition,
    Hook,
    Rule,
    Ruleset,
)

MOST_BYTES = 40_000_000


class BadRuleset(ValueError):
    """The text is no rule set of nftables. One sentence."""


def parse_nftables(text: str | bytes) -> Ruleset:
    """Read the JSON. Raises BadRuleset."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    start = text.find("{")
    try:
        value = json.loads(text[start:]) if start >= 0 else None
    except (ValueError, RecursionError):
        value = None
    items = value.get("nftables") if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise BadRuleset("The list of nftables rules is not the JSON that nft prints.")
    reader = _Reader()
    for item in items:
        if isinstance(item, dict):
            reader.take(item)
    return reader.ruleset()


_Set = list[Any]
_SetId = tuple[str, str, str]


class _Reader:
    def __init__(self) -> None:
        self.bases: dict[ChainId, Base | None] = {}
        self.rules: dict[ChainId, list[dict[str, Any]]] = {}
        self.sets: dict[_SetId, _Set] = {}

    def take(self, item: dict[str, Any]) -> None:
        """Sets may stand behind the rules that use them, so rules are only collected here."""
        for kind, value in item.items():
            if not isinstance(value, dict):
                continue
            family, table = str(value.get("family", "")), clean(str(value.get("table", "")), 60)
            if kind == "chain":
                key = family, table, clean(str(value.get("name", "")), 60)
                self.bases[key] = _base(value)
                self.rules.setdefault(key, [])
            elif kind in ("set", "map"):
                members = value.get("elem", [])
                name = str(value.get("name", ""))
                self.sets[family, table, name] = members if isinstance(members, list) else []
            elif kind == "rule":
                key = family, table, clean(str(value.get("chain", "")), 60)
                self.bases.setdefault(key, None)
                self.rules.setdefault(key, []).append(value)

    def ruleset(self) -> Ruleset:
        chains: dict[ChainId, Chain] = {}
        for key, base in self.bases.items():
            family, table, name = key
            sets = {
                name: members
                for (set_family, set_table, name), members in self.sets.items()
                if (set_family, set_table) == (family, table)
            }
            rules = [rule for value in self.rules[key] for rule in _rules(value, sets)]
            chains[key] = Chain(family, table, name, tuple(rules), base)
        return Ruleset(chains)


def _base(value: dict[str, Any]) -> Base | None:
    hook = value.get("hook")
    if not isinstance(hook, str):
        return None
    known = Hook(hook) if hook in set(Hook) else Hook.OTHER
    priority = value.get("prio", 0)
    device = value.get("dev", "")
    return Base(
        known,
        priority if isinstance(priority, int) else 0,
        accepts=value.get("policy", "accept") != "drop",
        nat=value.get("type") == "nat",
        device=device if isinstance(device, str) else "",
    )


_FINAL = {
    "accept": Act.ACCEPT,
    "drop": Act.DROP,
    "reject": Act.DROP,
    "return": Act.RETURN,
    "queue": Act.UNCLEAR,
    "dnat": Act.UNCLEAR,
    "redirect": Act.UNCLEAR,
    "tproxy": Act.UNCLEAR,
    "fwd": Act.UNCLEAR,
    "snat": Act.ACCEPT,
    "masquerade": Act.ACCEPT,
}
_HARMLESS_NAMES = (
    "counter log mangle notrack comment continue set map dup flow last secmark "
    "ct_helper ct_timeout ct_expectation"
)
_HARMLESS = frozenset(_HARMLESS_NAMES.split())
"""Statements that neither choose packets nor end anything."""

_Alternative = tuple[tuple[Condition, ...], Act, str]
"""What must hold besides the rule's own conditions, and what then happens."""


def _rules(value: dict[str, Any], sets: Sets) -> list[Rule]:
    """The rules that one of nftables stands for: a map of verdicts is one for each entry."""
    expressions = value.get("expr")
    parts = expressions if isinstance(expressions, list) else []
    text = rule_text(parts, value.get("comment"))
    choices: list[list[tuple[Condition, ...]]] = []
    ends: list[_Alternative] = [((), Act.CONTINUE, "")]
    for part in parts:
        if not isinstance(part, dict) or len(part) != 1:
            choices.append([(UNCLEAR,)])
            continue
        (kind, body), *_ = part.items()
        if kind == "match":
            choices.append(match(body, sets))
        elif kind == "vmap":
            ends = _verdict_map(body, sets)
        elif kind in ("jump", "goto"):
            target = str(body.get("target", "")) if isinstance(body, dict) else ""
            ends = [((), Act(kind), clean(target, 60))]
        elif kind in _FINAL:
            ends = [((), _FINAL[kind], "")]
        elif kind.replace(" ", "_") not in _HARMLESS:
            # Rate limits, quotas, xt modules, and whatever a later version may bring.
            choices.append([(UNCLEAR,)])
    count = len(ends)
    for choice in choices:
        count *= len(choice)
    if count > MOST_ALTERNATIVES:
        return [
            Rule((UNCLEAR,), act, target, text)
            for act, target in dict.fromkeys((act, target) for _, act, target in ends)
        ]
    marks = any(_marks(part) for part in parts)
    return [
        Rule((*(each for choice in combined for each in choice), *also), act, target, text, marks)
        for combined in product(*choices)
        for also, act, target in ends
    ]


def _marks(part: Any) -> bool:
    body = part.get("mangle") if isinstance(part, dict) else None
    key = body.get("key") if isinstance(body, dict) else None
    return isinstance(key, dict) and bool(key.keys() & {"meta", "ct"})


def _verdict_map(body: Any, sets: Sets) -> list[_Alternative]:
    if not isinstance(body, dict):
        return [((UNCLEAR,), Act.UNCLEAR, "")]
    found: list[_Alternative] = []
    for element in elements(body.get("data"), sets):
        if not isinstance(element, list) or len(element) != 2 or not isinstance(element[1], dict):
            return [((UNCLEAR,), Act.UNCLEAR, "")]
        key, verdict = value_of(element[0]), element[1]
        act, target = _verdict(verdict)
        for conditions in match({"op": "==", "left": body.get("key"), "right": key}, sets):
            found.append((conditions, act, target))
    return found or [((NEVER,), Act.CONTINUE, "")]


def _verdict(verdict: dict[str, Any]) -> tuple[Act, str]:
    for kind, body in verdict.items():
        if kind in ("jump", "goto"):
            target = str(body.get("target", "")) if isinstance(body, dict) else ""
            return Act(kind), clean(target, 60)
        if kind == "continue":
            return Act.CONTINUE, ""
        if kind in _FINAL:
            return _FINAL[kind], ""
    return Act.UNCLEAR, ""
