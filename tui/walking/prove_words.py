"""What Prove says, where there are no keys."""

from __future__ import annotations

import re

from tui import content


def words(which: str) -> str:
    """What the app says with a key, without the key: here the choices are told."""
    text = content.page("proof").sections[which]
    return re.sub(r"press `(\w)`", lambda found: _KEYS.get(found[1], found[0]), text)


_KEYS = {"r": "test again", "m": "try a port", "u": "stop it", "f": "stop it"}
"""What the app's keys do, by the name that it has here."""
