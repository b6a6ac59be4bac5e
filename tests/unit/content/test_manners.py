"""How the words are written: calm, short, tidy, and with room on the screen."""

from __future__ import annotations

import re

from probes.diagnosis.model import (
    CauseId,
    Headline,
)
from tests.unit.content.texts import ALL, FILES
from tui import content

_HARSH = re.compile(
    r"!|\b(?:simply|just|obviously|of course|unfortunately|sorry|your fault|you should have|stupid|"
    r"illegal|abort|fatal|must not|please note)\b",
    re.IGNORECASE,
)


def test_the_tone_is_calm() -> None:
    found = [
        (where, match[0])
        for where, text in ALL
        for match in _HARSH.finditer(text.replace("FRITZ!Box", "FRITZ Box"))
    ]
    assert found == []


def _sentences(text: str) -> list[str]:
    plain = content.plain(text).replace("\n- ", ". ").replace("\n", " ")
    return [each for each in re.split(r"(?<=[.?:])\s+", plain) if each.strip()]


def test_sentences_are_short() -> None:
    long = [
        (where, sentence)
        for where, text in ALL
        for sentence in _sentences(text)
        if len(sentence.split()) > 32
    ]
    assert long == []


def test_sentences_are_short_on_the_whole() -> None:
    lengths = [
        len(sentence.split())
        for _, text in ALL
        for sentence in _sentences(text)
        if sentence.endswith(".")
    ]
    assert len(lengths) > 300
    assert sum(lengths) / len(lengths) <= 15


def test_files_are_tidy() -> None:
    for path in FILES:
        source = path.read_text("utf-8")
        assert re.search(r"[^\n]\n\Z", source), path
        for line in source.splitlines():
            assert line == line.rstrip(), path
            assert len(line) <= 100, path
            assert "\t" not in line, path
            assert "  " not in line.strip(), path
        assert not re.search(r"[—“”‘’]", source), path


# --- lengths: what the screens were laid out for ------------------------------------------------

_LONGEST = {"meaning": 300, "for you": 300, "next": 300, "why": 420, "how": 300, "more": 420}


def test_texts_have_room_on_the_screen() -> None:
    long = [
        (where, len(content.plain(text)))
        for where, text in ALL
        if len(content.plain(text)) > _LONGEST.get(where.rpartition(": ")[2], 1000)
    ]
    assert long == []


def test_headlines_titles_and_labels_fit_on_a_line_or_two() -> None:
    for headline in (*Headline, *content.TOO_LITTLE, *content.VARIANTS):
        assert len(content.headline(headline)) <= 100, headline
    for field in content.fields():
        assert len(field.title) <= 22
        assert len(field.question) <= 100
        for value in field.values.values():
            assert len(value.label) <= 45, value.label
    for cause in CauseId:
        assert len(content.cause(cause).title) <= 45
        assert len(content.cause(cause).sentence) <= 110
