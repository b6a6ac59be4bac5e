"""A conversation in lines: what is told, and what is asked. It never moves the cursor.

Every question stands on one line with its answers before it, numbered, so that it can be heard as
well as read. Nothing is asked by colour, place or timing.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field

from probes.values import dataclass
from tui import content
from tui.glyphs import printable
from tui.output import plain_ascii
from tui.wrapping import COMMAND, filled

_WAYS = (("n", "next"), ("b", "back"), ("q", "quit"))
_YES, _NO = ("yes", "y"), ("no", "n")


class Left(Exception):
    """The person left: they said so, or there is nothing more to read."""


def leaves(answer: str) -> bool:
    """Whether that says that the person leaves, whatever was asked."""
    return answer.casefold() in ("q", "quit")


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer."""

    key: str
    """What is typed: a letter, a word or a number; "" for the next number."""
    words: str
    id: str = ""
    """What the answer is called by whoever asked; "" for the key itself."""
    command: str = ""
    """What it is about, where that is a command: it stands below, to be copied."""


@dataclass(slots=True)
class Talk:
    """Tells and asks."""

    write: Callable[[str], None]
    """Text, with its line breaks."""
    read: Callable[[], str]
    """The next line with its line break; "" at the end of the input."""
    ascii_only: bool = False
    ear: int | None = None
    """The descriptor that lines are typed on, where it can be waited for."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What is typed for a command of the app, by its id, where the words name its key."""
    _empty: bool = False
    """The line told last was empty: a second one would say nothing."""

    def tell(self, *lines: str) -> None:
        """Each line as a paragraph of its own; "" is an empty line, and what begins as a command
        does is one."""
        for line in lines:
            if line.startswith(COMMAND):
                self.verbatim(line.removeprefix(COMMAND))
            elif line or not self._empty:
                self.write(self._laid(line))
                self._empty = not line

    def verbatim(self, text: str) -> None:
        """Lines that are to be copied: neither wrapped nor joined to others."""
        for line in text.splitlines():
            found = printable(line)
            self._empty = False
            self.write(f"{COMMAND}{plain_ascii(found) if self.ascii_only else found}\n")

    def ring(self) -> None:
        """The terminal's bell: something happened while nobody may have looked."""
        self.write("\a")

    def heading(self, text: str) -> None:
        """A new part begins."""
        self.tell("", text, "")

    def ask(self, question: str, choices: Sequence[Choice], also: Collection[str] = ()) -> str:
        """The id of the choice that the person made, or what else was typed that is in `also`.
        Raises Left at the end of the input.
        """
        self.tell("")
        self._choices(choices)
        return self._picked(question, choices, also)

    def _choices(self, choices: Sequence[Choice]) -> None:
        for key, choice in _keyed(choices).items():
            if choice.words:
                self.tell(f"{key}. {choice.words}")
            if choice.command:
                self.verbatim(choice.command)

    def pick(self, question: str, choices: Sequence[Choice], also: Collection[str] = ()) -> str:
        """The same where the choices were told before: the question only names what is typed."""
        return self._picked(f"{question} {_named(_keyed(choices))}:", choices, also)

    def _picked(self, question: str, choices: Sequence[Choice], also: Collection[str]) -> str:
        """Enter alone tells the choices once more."""
        known = _keyed(choices)
        while True:
            answer = self.line(f"{question} ").casefold()
            if not answer:
                self._choices(choices)
                continue
            found = known.get(answer) or _by_word(answer, choices) or _by_id(answer, choices)
            if found is not None:
                return found.id or found.key
            if answer in also:
                return answer
            wanted = _listed([*known])
            self.tell(f"That is none of the answers. Type {wanted}, then Enter.")

    def sure(self, question: str, script: str = "") -> bool:
        """Whether the answer is yes: it is asked for until it is a plain yes or no. Raises Left.

        `script`: what the word of that name shows before the answer.
        """
        wanted = "yes, no, or script to read all of it" if script else "yes or no"
        while True:
            answer = self.line(f"{question} Type {wanted}: ").casefold()
            if leaves(answer):
                raise Left
            if answer in (*_YES, *_NO, "b", "back"):
                return answer in _YES
            if script and answer == "script":
                self.tell("")
                self.verbatim(script)
                continue
            self.tell(f"That is no answer to that, so nothing was done. Type {wanted}, then Enter.")

    def name(self, what: str, also: str = "") -> str:
        """A name or a word that the person types; "" to go back. Raises Left, for q as well.

        `also`: what else can be typed.
        """
        also = f"{also}; " if also else ""
        found = self.line(f"{what} ({also}Enter alone goes back): ")
        if leaves(found):
            raise Left
        return "" if found.casefold() in ("b", "back") else found

    def enter(self, what: str) -> None:
        """Wait until the person presses Enter. Raises Left."""
        if leaves(self.line(f"Press Enter to {what}: ")):
            raise Left

    def line(self, prompt: str) -> str:
        """One line that the person types, without the space around it. Raises Left."""
        text = printable(prompt)
        self.write(plain_ascii(text) if self.ascii_only else text)
        self._empty = False
        found = self.read()
        if not found:
            self.write("\n")
            raise Left
        return found.strip()

    def more_waits(self) -> bool:
        """Lines were typed ahead, or pasted: the next one need not be waited for."""
        if self.ear is None:
            return False
        try:
            return bool(select.select([self.ear], [], [], 0)[0])
        except (OSError, ValueError):  # Windows knows that of sockets alone
            return False

    def _laid(self, line: str) -> str:
        # Links to the glossary are for screens; a reader hears their words. An arrow is read out
        # as an arrow.
        named = content.keyed(line, lambda command: self.names.get(command, ""))
        text = printable(" ".join(content.plain(named).split())).replace(" → ", " to ")
        text = plain_ascii(text) if self.ascii_only else text
        return (filled(text) if text else "") + "\n"


def _keyed(choices: Iterable[Choice]) -> dict[str, Choice]:
    """By what is typed: those without a letter are numbered."""
    known: dict[str, Choice] = {}
    number = 0
    for choice in choices:
        if not choice.key:
            number += 1
        known[choice.key or str(number)] = choice
    return known


def _by_word(answer: str, choices: Iterable[Choice]) -> Choice | None:
    """A letter's word counts too: "quit" is as good as "q"."""
    for key, word in _WAYS:
        if answer == word:
            return next((each for each in choices if each.key == key), None)
    return None


def _by_id(answer: str, choices: Iterable[Choice]) -> Choice | None:
    """So does the name of a practice network, for whoever knows it."""
    named = (each for each in choices if len(each.id) > 1 and not each.id.isdigit())
    return next((each for each in named if answer == each.id.casefold()), None)


def _listed(keys: Iterable[str]) -> str:
    numbers, letters = _apart(keys)
    said = [f"{numbers[0]} to {numbers[-1]}"] if len(numbers) > 1 else numbers
    return _either([*said, *letters])


def _named(keys: Iterable[str]) -> str:
    """The same in short: "A number, n, b or q"."""
    numbers, letters = _apart(keys)
    found = _either([*(["a number"] if numbers else []), *letters])
    return found[:1].upper() + found[1:] if numbers else found


def _apart(keys: Iterable[str]) -> tuple[list[str], list[str]]:
    """Numbers, and what else is typed."""
    held = tuple(keys)
    numbers = [key for key in held if key.isdigit()]
    return numbers, [key for key in held if key not in numbers]


def _either(said: Sequence[str]) -> str:
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"
