"""ufw's settings as far as anybody may read them (ufw(8), /etc/default/ufw)."""

from __future__ import annotations

import re

from probes.values import dataclass

CONF = "/etc/ufw/ufw.conf"
"""Whether it is switched on. Readable by everybody; the rules themselves are not."""
DEFAULTS = "/etc/default/ufw"
"""What happens to packets without a rule."""
MOST_BYTES = 20_000

_LINE = re.compile(r"^\s*(?P<key>[A-Z_]+)\s*=\s*[\"']?(?P<value>[^\"'#\n]*?)[\"']?\s*$", re.M)


@dataclass(frozen=True, slots=True)
class Ufw:
    """What the files say."""

    enabled: bool | None
    blocks_inbound: bool | None
    """The policy for packets without a rule; None where the file does not say."""
    blocks_outbound: bool | None


def read_ufw(conf: str, defaults: str) -> Ufw:
    """From the texts of both files."""
    switch, policies = settings(conf), settings(defaults)
    enabled = {"yes": True, "no": False}.get(switch.get("ENABLED", "").lower())
    return Ufw(
        enabled,
        _blocks(policies.get("DEFAULT_INPUT_POLICY", "")),
        _blocks(policies.get("DEFAULT_OUTPUT_POLICY", "")),
    )


def settings(text: str) -> dict[str, str]:
    """``KEY="value"`` lines; the last of a key wins, as in a shell."""
    return {match["key"]: match["value"] for match in _LINE.finditer(text)}


def _blocks(policy: str) -> bool | None:
    return {"DROP": True, "REJECT": True, "ACCEPT": False}.get(policy.upper())
