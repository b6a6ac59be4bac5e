"""The person's own keys: what the file may say, and what a mistake in it costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui import content
from tui.command import remap
from tui.commands import COMMANDS, QUIT
from tui.keymap import FILE, MOST_BYTES, load, parse


def test_keys_are_taken_as_a_person_writes_them() -> None:
    found = parse('quit = "Z"\nnext = ["+", ">"]\nevidence = "ctrl+e"\nglossary = "F5"\n')
    assert dict(found.keys) == {
        "quit": "Z",
        "next": "plus,greater_than_sign",
        "evidence": "ctrl+e",
        "glossary": "f5",
    }
    assert found.troubles == ()


def test_the_examples_of_the_help_can_be_taken() -> None:
    told = content.page("keys").sections["Your own keys"].replace("\n", " ")
    examples = re.findall(r'\w+ = (?:"[^"]*"|\[[^\]]*\])', told)
    assert len(examples) == 2
    found = parse("\n".join(examples))
    assert found.troubles == ()
    assert set(found.keys) == {"quit", "next"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('quits = "Z"', "did you mean quit?"),
        ("quit = 3", "It wants a key"),
        ("quit = []", "It wants a key"),
        ("quit = [1]", "A key is a text."),
        ('quit = "enter"', "gets about in lists"),
        ('quit = "G"', "gets about in lists"),
        ('quit = "Escape"', "gets about in lists"),
        ('quit = "ctrl+m"', "is no key"),
        ('quit = "hello"', "is no key"),
        ('quit = ""', "is no key"),
        ('quit = "n"', "n is for next already"),
        ('take = "Z"', "there is no command 'take'"),
        ("quit = ", "is not read"),
        ('quit = "\\u001b"', "is no key"),
    ],
)
def test_a_mistake_costs_its_own_line_alone(line: str, words: str) -> None:
    found = parse(line)
    assert "quit" not in found.keys
    assert len(found.troubles) == 1
    assert words in found.troubles[0]
    assert found.troubles[0].isprintable()


def test_keys_may_be_exchanged_but_not_shared() -> None:
    both = parse('next = "b"\nback = "n"\n')
    assert dict(both.keys) == {"next": "b", "back": "n"}
    shared = parse('next = "Z"\nback = "Z"\n')
    assert dict(shared.keys) == {"next": "Z"}
    assert "Z is for next already" in shared.troubles[0]


def test_a_key_that_its_owner_keeps_after_all_is_not_given_away() -> None:
    found = parse('next = "q"\nquit = "n"\nback = "n"\n')
    assert dict(found.keys) == {"next": "q", "quit": "n"}, "back comes last"
    kept = parse('next = "q"\nquit = "x"\n')  # x runs a command in Fix
    assert dict(kept.keys) == {}, "quit keeps q, so next cannot have it"
    assert "quit keeps its usual key" in kept.troubles[0]
    assert "next keeps its usual key. q is for quit already" in kept.troubles[1]


def test_every_command_can_have_another_key() -> None:
    for command in COMMANDS:
        if not command.elsewhere:
            assert dict(parse(f'{command.id} = "ctrl+y"').keys) == {command.id: "ctrl+y"}


def test_no_file_and_a_bad_one(tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert load(None) == load(path) == parse("")
    path.write_bytes(b"quit = \xff")
    assert load(path).troubles == (f"{FILE} is not text.",)
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    assert "too large" in load(path).troubles[0]
    path.unlink()
    path.mkdir()
    assert "cannot be read" in load(path).troubles[0]


def test_what_is_shown_follows() -> None:
    try:
        remap({"quit": "Z,ctrl+y"})
        assert (QUIT.key, QUIT.every_key) == ("Z", "Z ^y")
    finally:
        remap({})
    assert QUIT.key == "q"


def test_no_key_is_for_two_commands() -> None:
    keys = [key for command in COMMANDS for key in command.keys.split(",") if key]
    assert len(keys) == len(set(keys)), sorted(keys)
