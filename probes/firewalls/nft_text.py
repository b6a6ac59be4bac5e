"""nftables' JSON written out as a person finds it in their own rules (nft(8))."""

from __future__ import annotations

from typing import Any

from probes.clean import clean
from probes.firewalls.nft_conditions import value_of


def rule_text(parts: list[Any], comment: Any) -> str:
    """One rule on one line, cleaned."""
    words = [_statement(part) for part in parts if isinstance(part, dict)]
    if isinstance(comment, str):
        words.append(f'comment "{comment}"')
    return clean(" ".join(word for word in words if word), 200)


def _statement(part: dict[str, Any]) -> str:
    for kind, body in part.items():
        if kind == "match" and isinstance(body, dict):
            sign = "" if body.get("op") in ("==", "in") else f"{body.get('op')} "
            return f"{_written(body.get('left'))} {sign}{_written(body.get('right'))}"
        if kind == "vmap" and isinstance(body, dict):
            return f"{_written(body.get('key'))} vmap {_written(body.get('data'))}"
        if kind in ("jump", "goto") and isinstance(body, dict):
            return f"{kind} {body.get('target')}"
        if kind in ("counter", "log"):
            return ""
        if kind == "xt" and isinstance(body, dict):
            return f"xt {body.get('name')}"
        return str(kind)
    return ""


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_written(each) for each in value[:8]) + (",…" if len(value) > 8 else "")
    if not isinstance(value, dict):
        return str(value)
    for kind, body in value.items():
        if kind == "payload" and isinstance(body, dict):
            return f"{body.get('protocol')} {body.get('field')}"
        if kind in ("meta", "ct") and isinstance(body, dict):
            key = str(body.get("key"))
            return key if kind == "meta" and key.startswith(("iif", "oif")) else f"{kind} {key}"
        if kind == "set" and isinstance(body, list):
            more = ", …" if len(body) > 8 else ""
            return "{ " + ", ".join(_pair(each) for each in body[:8]) + more + " }"
        if kind == "range" and isinstance(body, list):
            return "-".join(str(each) for each in body)
        if kind == "prefix" and isinstance(body, dict):
            return f"{body.get('addr')}/{body.get('len')}"
        if kind == "fib" and isinstance(body, dict):
            return f"fib {_written(body.get('flags'))} {body.get('result')}"
        if kind == "concat" and isinstance(body, list):
            return " . ".join(_written(each) for each in body)
        return str(kind)
    return ""


def _pair(element: Any) -> str:
    if isinstance(element, list) and len(element) == 2:
        return f"{_written(element[0])} : {_statement(element[1])}"
    return _written(value_of(element))
