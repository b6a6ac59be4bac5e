"""A parser that says in one sentence what is wrong with what was typed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from tui.exits import Complaint

COMMANDS = ("check", "explain", "pair", "meet", "schema")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise Complaint(f"{self._sentence(message)} See {self.prog} --help.")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is left over is the fault of this very command."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {rest[0]}")
        return found, rest

    def look_over(self, words: Sequence[str]) -> None:
        """Name an unknown option before its value is taken for a command."""
        for word in words:
            if word in COMMANDS:
                return
            option = word.partition("=")[0]
            if re.match(r"--?[A-Za-z]", word) and option not in self._option_string_actions:
                self.error(f"unrecognized arguments: {word}")

    def _sentence(self, message: str) -> str:
        unknown = re.fullmatch(r"unrecognized arguments: (.*)", message, re.DOTALL)
        if unknown:
            return self._unknown(unknown[1])
        command = re.fullmatch(r"argument COMMAND: invalid choice: '(.*?)' .*", message, re.DOTALL)
        if command:
            return f"There is no command {command[1]!r}; there are {_listed(COMMANDS)}."
        message = re.sub(r"^argument (.*?): ", r"\1: ", message).rstrip(".")
        return f"{message}."

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word!r} is one word too many."
        option = word.partition("=")[0]
        if option in ("--json", "--plain"):
            return f"{option} belongs to check: whyrelay check {option}."
        from difflib import get_close_matches  # seldom wanted, and 1 ms

        close = get_close_matches(option, self._option_string_actions, n=1, cutoff=0.75)
        return f"There is no option {option}" + (f"; did you mean {close[0]}?" if close else ".")


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
