"""The person's own keys: a small file that says which key does what.

``keys.toml`` in the configuration directory, by the ids that the help page lists::

    quit = "Q"
    next = ["f5", "n"]

A mistake in it costs nothing but that line: the usual key stays, and the app says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from probes.clean import clean
from probes.values import dataclass
from tui.command import shown
from tui.commands import COMMANDS
from tui.guessing import meant
from tui.storage import APP, read

FILE = "keys.toml"
MOST_BYTES = 20_000
MOST_KEYS = 4
"""Keys that one command may have."""
_RESERVED = frozenset(
    (
        *("ctrl+c", "escape", "enter", "tab", "shift+tab", "up", "down", "left", "right"),
        *("pageup", "pagedown", "home", "end", "k", "j", "g", "G"),
    )
)
"""Keys that get about in every list; nobody could leave a screen without them."""
_NAMED = frozenset(
    ("space", "insert", "delete", "backspace", *(f"f{number}" for number in range(1, 13)))
)


@dataclass(frozen=True, slots=True)
class Keymap:
    """What was read."""

    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Keys as Textual names them, between commas, by the command's id."""
    troubles: tuple[str, ...] = ()
    """What could not be used: a sentence each."""


def keymap_file() -> Path | None:
    """Where the file is looked for; None where no directory can be named."""
    from platformdirs import user_config_path

    try:
        return user_config_path(APP, appauthor=False) / FILE
    except (OSError, RuntimeError, KeyError):
        return None


def load(path: Path | None) -> Keymap:
    """The person's keys. Never raises: without a file, and with a bad one, the usual ones hold."""
    if path is None or not path.exists():
        return Keymap()
    data = read(path, MOST_BYTES)
    if data is None:
        return Keymap(troubles=(f"{FILE} cannot be read, or is too large.",))
    try:
        return parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Keymap(troubles=(f"{FILE} is not text.",))


def parse(text: str) -> Keymap:
    """The keys in the text of the file, as far as they can be used."""
    import tomllib  # who has no such file need not wait for it

    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Keymap(troubles=(f"{FILE} is not read: {clean(str(error), 200)}.",))
    known = {command.id: command for command in COMMANDS if not command.elsewhere}
    keys: dict[str, str] = {}
    troubles: list[str] = []
    for name, value in table.items():
        if name not in known:
            close = meant(name, known)
            ending = f"; did you mean {close}?" if close else "."
            troubles.append(f"{FILE}: there is no command {clean(name, 40)!r}{ending}")
            continue
        wanted = [value] if isinstance(value, str) else value
        why = _wrong(wanted)
        if why:
            troubles.append(f"{FILE}: {name} keeps its usual key. {why}")
        else:
            keys[name] = ",".join(_textual(each) for each in wanted)
    return Keymap(MappingProxyType(_without_clashes(keys, troubles)), tuple(troubles))


def _wrong(wanted: object) -> str:
    """Why these are no keys, as a sentence; "" if they are."""
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_KEYS:
        return f"It wants a key, or a list of at most {MOST_KEYS}."
    for each in wanted:
        if not isinstance(each, str):
            return "A key is a text."
        if each in _RESERVED or (len(each) > 1 and each.casefold() in _RESERVED):
            return f"{each} gets about in lists, and cannot be taken."
        if not _is_key(each):
            return (
                f"{clean(each, 20)!r} is no key: use one sign, ctrl+ with a letter, or f1 to f12."
            )
    return ""


def _is_key(text: str) -> bool:
    letter = text.casefold().removeprefix("ctrl+")
    if letter != text.casefold():
        # h, i, j, m are backspace, tab, line feed and enter to most terminals.
        return len(letter) == 1 and letter.isascii() and letter.isalpha() and letter not in "chijm"
    return (len(text) == 1 and text.isprintable()) or letter in _NAMED


def _textual(text: str) -> str:
    """As Textual names it: signs have names there."""
    if len(text) != 1:
        return text.casefold()
    if text == " ":
        return "space"
    from textual.keys import _character_to_key  # the one place that knows all the names

    return _character_to_key(text)


def _without_clashes(keys: Mapping[str, str], troubles: list[str]) -> dict[str, str]:
    """No key does two things: who comes later in the file keeps the usual key, and so does who
    took a key that is thereby in use again."""
    found = dict(keys)
    while (clash := _first_clash(found)) is not None:
        name, key, other = clash
        del found[name]
        troubles.append(f"{FILE}: {name} keeps its usual key. {shown(key)} is for {other} already.")
    return found


def _first_clash(keys: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The command, the key, and the command that has it already."""
    taken = {
        key: command.id
        for command in COMMANDS
        if command.id not in keys
        for key in command.keys.split(",")
        if key
    }
    for name, wanted in keys.items():
        for key in wanted.split(","):
            if taken.setdefault(key, name) != name:
                return name, key, taken[key]
    return None
