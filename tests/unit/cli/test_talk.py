"""The conversation of the walk as text: what is told, what is asked, and what is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.unit.cli.walking import Person, walked
from tui.commands import COMMANDS
from tui.walking.letters import LETTERS
from tui.walking.talk import Choice, Left
from tui.wrapping import COMMAND


def test_choices_are_numbered_and_letters_are_letters() -> None:
    person = Person(["", "0", "3", "x", "next", "b"])
    talk = person.talk()
    choices = (Choice("", "One", "one"), Choice("", "Two", "two"), Choice("n", "Next", "next"))
    assert talk.ask("Which?", choices) == "next"
    assert "1. One\n2. Two\nn. Next\nWhich? " in person.text
    assert person.text.count("That is none of the answers. Type 1 to 2 or n, then Enter.") == 3
    assert person.text.count("2. Two\n") == 2, "Enter alone tells the choices once more"
    assert talk.ask("Which?", (Choice("", "Practise", "hard-home"), Choice("b", "Back"))) == "b"


@pytest.mark.parametrize("answer", ["yes", "Y", " YES "])
def test_only_a_plain_yes_is_one(answer: str) -> None:
    assert Person([answer]).talk().sure("May it?")


def test_nothing_that_is_told_moves_the_cursor() -> None:
    person = Person([])
    talk = person.talk()
    talk.tell("a\x1b[2Jb\x9b1mc\u202ed", "x" * 200)
    talk.verbatim("sudo \x1b]0;x\x07 true")
    assert all(sign.isprintable() for sign in person.text.replace("\n", ""))


def test_the_end_of_the_input_ends_the_walk() -> None:
    person, walk, asked = walked()
    assert "Which one? " in person.text
    assert walk.source is None
    assert asked.options == []


@pytest.mark.parametrize("answer", ["", "maybe", "yes please", "1", "ja"])
def test_anything_else_is_neither_and_is_asked_again(answer: str) -> None:
    person = Person([answer, "no", answer, "yes", answer, "q"])
    talk = person.talk()
    assert not talk.sure("May it?")
    assert talk.sure("May it?")
    with pytest.raises(Left):
        talk.sure("May it?")
    assert person.text.count("That is no answer to that") == 3


def test_a_command_is_never_broken_over_lines() -> None:
    person = Person(["1"])
    talk = person.talk()
    long = "sudo sed -i.old 's/^.*AN_OPTION_OF_SOME_LENGTH=/# &/' /etc/default/some && sudo restart"
    talk.tell(f"{COMMAND}{long}", f"Somewhere in a sentence stands `{long}`, and it goes on.")
    talk.ask("Which?", (Choice("", "Step 2", "2", long), Choice("b", "Back")))
    lines = person.text.splitlines()
    assert lines.count(COMMAND + long) == 2, "with its own margin, wherever it is told"
    assert len([line for line in lines if f"`{long}`" in line]) == 1
    assert "1. Step 2\n" in person.text


def test_a_question_names_its_answers_and_no_others() -> None:
    person = Person(["6", "7"])
    choices = [Choice(number, "Way", number) for number in ("1", "2", "7")]
    choices += [Choice("word", "A word"), Choice("q", "Quit")]
    assert person.talk().pick("Which?", choices) == "7"
    assert "Which? A number, word or q: " in person.text
    person = Person([""])
    with pytest.raises(Left):
        person.talk().pick("What next?", choices[-1:])
    assert "What next? q: " in person.text


def test_two_empty_lines_say_no_more_than_one() -> None:
    person = Person([])
    person.talk().tell("a", "", "")
    talk = person.talk()
    talk.heading("b")
    talk.tell("", "c")
    assert person.text == "a\n\n\nb\n\nc\n"


def test_letters_are_the_keys_of_the_app_and_the_rest_are_words() -> None:
    assert len({*LETTERS.values()}) == len(LETTERS), "one letter, one meaning"
    keys = {each.id: each.keys.split(",")[0] for each in COMMANDS}
    for name, typed in LETTERS.items():
        key = keys.get(name, "")
        assert typed == key if len(key) == 1 else len(typed) > 1, name


def test_every_letter_that_is_told_is_one_of_them() -> None:
    far = ("n", "n", "1", "1", "n", "z", "keep-one-port", "q")
    told = [
        walked("1", *far, here="hard-home"),
        walked("1", "n", "n", "1", "q", here="hard-home-pcp"),
    ]
    text = "".join(person.text for person, _, _ in told)
    letters = set(re.findall(r"^([a-z]+)\. ", text, re.MULTILINE))
    assert letters == {*LETTERS.values()} - {"go", "forget"}, "those two have tests of their own"


@pytest.mark.parametrize(
    ("before", "also"),
    [
        (("1", "n", "word"), "all: hear which there are; "),
        (("1", "n", "a"), "a dot: paste lines here; "),
        (("3",), "a dot: paste lines here; "),
    ],
)
def test_every_free_answer_says_how_to_go_back_and_q_leaves(
    before: Sequence[str], also: str
) -> None:
    for back in ("", "b", "back"):
        person, _, _ = walked(*before, back, "q", "n", here="hard-home")
        assert f"({also}Enter alone goes back): «{back}»" in person.text
        assert "«q»" in person.text
        assert "«n»" not in person.text.rpartition("«q»")[2]
    person, _, _ = walked(*before, "q", "n", here="hard-home")
    assert "«n»" not in person.text.rpartition("«q»")[2]


def test_the_glossary_is_read_out_only_for_whoever_wants_it() -> None:
    person, _, _ = walked("1", "n", "word", "easynat", "all", "hard nat", "b", "n")
    assert "Did you mean easy NAT?" in person.text
    assert person.text.count("The glossary has: ") == 1
    assert "Step 4 of 5" in person.text
