"""The small Markdown, the links, and a loader that fails loudly."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.diagnosis.model import CauseId, Filtering, Mapping, NatClass
from tui import content
from tui.content import ContentError, Span, files
from tui.content.markdown import parse


def test_a_file_is_read_into_sections_and_parts() -> None:
    document = parse(
        "# Title\n\nIntro\ngoes on.\n\n## one\ntext\n\nsecond\n### part\n- a\n  more\n- b\n", "x"
    )
    assert document.title == "Title"
    assert document.text == "Intro goes on."
    assert document.sections["one"].text == "text\n\nsecond"
    assert document.sections["one"].parts == {"part": "- a more\n- b"}


def test_a_list_after_a_paragraph_keeps_its_lines() -> None:
    document = parse("# T\n## s\nFirst:\n\n1. one\n2. two\n\nafter\n", "x")
    assert document.sections["s"].text == "First:\n\n1. one\n2. two\n\nafter"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("no title\n", "no title"),
        ("# a\n# b\n", "second title"),
        ("# a\n## s\n## s\n", "twice"),
        ("# a\n## s\n### p\n### p\n", "twice"),
        ("# a\n### p\n", "before any section"),
    ],
)
def test_a_broken_file_is_refused_by_name(source: str, complaint: str) -> None:
    with pytest.raises(ContentError, match=complaint) as caught:
        parse(source, "some/file")
    assert str(caught.value).startswith("some/file")


def test_links_have_a_target_and_perhaps_other_words() -> None:
    text = "A [[hard NAT]] and [[hard NAT|this kind]]."
    assert content.plain(text) == "A hard NAT and this kind."
    assert tuple(content.spans(text)) == (
        Span("A "),
        Span("hard NAT", "hard NAT"),
        Span(" and "),
        Span("this kind", "hard NAT"),
        Span("."),
    )
    assert content.terms(text) == ("hard NAT", "hard NAT")


@given(st.text(alphabet="[]|a b", max_size=40))
def test_stretches_of_any_text_add_up_to_its_plain_form(text: str) -> None:
    assert "".join(span.text for span in content.spans(text)) == content.plain(text)


def test_members_of_different_enums_that_are_equal_strings_keep_their_own_words() -> None:
    assert NatClass.UNKNOWN == Mapping.UNKNOWN  # type: ignore[comparison-overlap]
    assert content.label(NatClass.UNKNOWN) == "unknown"
    assert content.label(Mapping.UNKNOWN) == "not measured"
    assert content.label(Filtering.ENDPOINT_INDEPENDENT) == "lets anybody in"
    assert content.label(Mapping.ENDPOINT_INDEPENDENT) == "one port for everybody"


def test_a_placeholder_without_a_value_is_an_error_and_a_value_is_never_read_as_one() -> None:
    with pytest.raises(ContentError, match="tunnel"):
        content.fill("through {tunnel}", other="x")
    assert content.fill("at {name}", name="{evil} {0.__class__}") == "at {evil} {0.__class__}"


def test_an_item_that_does_not_exist_is_an_error_with_its_name() -> None:
    with pytest.raises(ContentError, match="pages/nowhere"):
        content.page("nowhere")


def test_a_file_with_a_section_too_few_or_too_many_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = files.read("causes/hard-nat.md")
    for changed in (whole.replace("## worked", "## surplus"), whole + "\n## surplus\nmore\n"):
        monkeypatch.setattr(files, "read", lambda _path, text=changed: text)
        files.load.cache_clear()
        with pytest.raises(ContentError, match="surplus"):
            content.cause.__wrapped__(CauseId.HARD_NAT)
    files.load.cache_clear()


def test_reading_the_words_needs_no_screen_and_no_slow_import() -> None:
    program = (
        "import sys, tui.explain; from tui import content; content.fields();"
        "print([name for name in ('textual', 'rich', 'importlib.resources', 'asyncio')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
