"""What a practice network becomes when somebody does what a remedy says: TOML values to values."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from probes.diagnosis.remedies import RemedyId
from probes.network.simulated.schema import ScenarioError, merged

_WITHOUT = "without"


_OF_BEFORE = ("expect", "ask", "no_after")
"""What the file says of the network as it is."""


def changed(
    value: dict[str, Any], remedy: RemedyId, open_other: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    """The network after a remedy. Raises ScenarioError where the file does not say.

    Remedies that the file still knows can be done afterwards; `open_other` reads a network by name.
    """
    after = value.get("after", {})
    change = after.get(remedy) if isinstance(after, dict) else None
    if isinstance(change, str):
        return _without_vpn_too(value, deepcopy(open_other(change)))
    if not isinstance(change, dict):
        raise ScenarioError(f"after.{remedy} is missing: the file does not say what comes of it.")
    left = deepcopy(
        {key: each for key, each in value.items() if key not in ("expect", "ask", "no_after")}
    )
    left["after"] = {key: each for key, each in after.items() if key != remedy}
    patch = dict(change)
    for path in _without(patch.pop(_WITHOUT, []), remedy):
        _drop(left, path, remedy)
    return merged(left, patch)


def _without_vpn_too(before: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Another network gives a device no Tailscale that it does not have."""
    here, there = (each.get("host", {}).get("here", {}) for each in (before, other))
    if "tailscale" not in here:
        there.pop("tailscale", None)
    return other


def _without(paths: object, remedy: RemedyId) -> list[str]:
    if isinstance(paths, list) and all(isinstance(each, str) for each in paths):
        return paths
    raise ScenarioError(f"after.{remedy}.{_WITHOUT} is {paths!r}, but must be a list of keys.")


def _drop(value: dict[str, Any], path: str, remedy: RemedyId) -> None:
    *way, last = path.split(".")
    for key in way:
        inner = value.get(key)
        if not isinstance(inner, dict):
            break
        value = inner
    if last not in value:
        raise ScenarioError(f"after.{remedy}.{_WITHOUT} names {path}, which is not there.")
    del value[last]
