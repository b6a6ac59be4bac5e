"""What one thing that a person can do is made of: a name, its keys, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from probes.values import dataclass

_REMAPPED: dict[str, str] = {}
"""The person's own keys, by command: there is one keyboard, so there is one such table."""


def remap(keys: Mapping[str, str]) -> None:
    """Show these keys from here on, by the commands' ids; the usual ones for all others."""
    _REMAPPED.clear()
    _REMAPPED.update(keys)


@dataclass(frozen=True, slots=True)
class Command:
    """One action that has a name."""

    id: str
    keys: str
    """As Textual names them, the main one first; "" for the palette alone."""
    action: str
    word: str
    """In the footer: one word, two at most."""
    title: str
    """In the palette and the list of keys."""
    help: str
    elsewhere: str = ""
    """The key that does it, where a widget binds it and not the screen."""
    at_once: bool = False
    """Done before the next key is looked at: what is typed right after it belongs elsewhere."""

    @property
    def _held(self) -> str:
        """Its keys today: the person may have chosen others."""
        return _REMAPPED.get(self.id, self.keys)

    @property
    def key(self) -> str:
        """The main key, as a person reads it."""
        return self.elsewhere or shown(self._held.partition(",")[0])

    @property
    def every_key(self) -> str:
        """All its keys, as a person reads them."""
        return self.elsewhere or " ".join(shown(key) for key in self._held.split(",") if key)

    def binding(self) -> Binding:
        """As a binding. Our own key bar shows it, so Textual's footer need not."""
        return Binding(
            self.keys,
            self.action,
            self.title,
            show=False,
            key_display=self.key,
            priority=self.at_once,
            tooltip=self.help,
            id=self.id,
        )


_SHOWN: Mapping[str, str] = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "delete": "del",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def shown(key: str) -> str:
    """A key's name as a person reads it: ``^p``, ``?``, ``F1``."""
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    if key[:1] == "f" and key[1:].isdigit():
        return key.upper()
    return _SHOWN.get(key, key)
