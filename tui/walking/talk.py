"""A conversation in lines: what is told, and what is asked. It never moves the cursor.

Every question stands on one line with its answers before it, numbered, so that it can be heard as
well as read. Nothing is asked by colour, place or timing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from textwrap import TextWrapper

from probes.values import dataclass
from tui import content
from tui.glyphs import printable
from tui.output import plain_ascii

WIDTH = 78
_WRAP = TextWrapper(WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
_WAYS = (("n", "next"), ("b", "back"), ("q", "quit"))


class Left(Exception):
    """The person left: they said so, or there is nothing more to read."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer."""

    key: str
    """What is typed: a letter; "" for the next number."""
    words: str
    id: str = ""
    """What the answer is called by whoever asked; "" for the key itself."""


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

    def tell(self, *lines: str) -> None:
        """Each line as a paragraph of its own; "" is an empty line."""
        self.write("".join(self._laid(line) for line in lines))

    def verbatim(self, text: str) -> None:
        """A line that is to be copied: neither wrapped nor joined to others."""
        found = printable(text)
        self.write(f"    {plain_ascii(found) if self.ascii_only else found}\n")

    def ring(self) -> None:
        """The terminal's bell: something happened while nobody may have looked."""
        self.write("\a")

    def heading(self, text: str) -> None:
        """A new part begins."""
        self.tell("", text, "")

    def ask(self, question: str, choices: Sequence[Choice]) -> str:
        """The id of the choice that the person made. Raises Left at the end of the input."""
        self._choices(choices)
        return self.pick(question, choices)

    def _choices(self, choices: Sequence[Choice]) -> None:
        for key, choice in _keyed(choices).items():
            if choice.words:
                self.tell(f"{key}. {choice.words}")

    def pick(self, question: str, choices: Sequence[Choice]) -> str:
        """The same where the choices were told before. Enter alone tells them once more."""
        known = _keyed(choices)
        while True:
            answer = self.line(f"{question} ").casefold()
            if not answer:
                self._choices(choices)
                continue
            found = known.get(answer) or _by_word(answer, choices) or _by_id(answer, choices)
            if found is not None:
                return found.id or found.key
            wanted = _listed([*known])
            self.tell(f"That is none of the answers. Type {wanted}, then Enter.")

    def sure(self, question: str) -> bool:
        """Yes or no; anything but a plain yes is a no. Raises Left at the end of the input."""
        return self.line(f"{question} Type yes or no: ").casefold() in ("yes", "y")

    def line(self, prompt: str) -> str:
        """One line that the person types, without the space around it. Raises Left."""
        text = printable(prompt)
        self.write(plain_ascii(text) if self.ascii_only else text)
        found = self.read()
        if not found:
            self.write("\n")
            raise Left
        return found.strip()

    def _laid(self, line: str) -> str:
        # Links to the glossary are for screens; a reader hears their words. An arrow is read out
        # as an arrow.
        text = printable(" ".join(content.plain(line).split())).replace(" → ", " to ")
        text = plain_ascii(text) if self.ascii_only else text
        return (_WRAP.fill(text) if text else "") + "\n"


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


def _listed(keys: Sequence[str]) -> str:
    numbers = [key for key in keys if key.isdigit()]
    letters = [key for key in keys if not key.isdigit()]
    said = [f"{numbers[0]} to {numbers[-1]}"] if len(numbers) > 1 else numbers
    said = [*said, *letters]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"
