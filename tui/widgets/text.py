"""Text for widgets. Everything that is shown passes through here, so nothing is read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content
from textual.style import Style

from probes.clean import clean
from tui.command import Command
from tui.commands import key_of
from tui.content import Span, Tone, keyed, spans
from tui.theme import LOOKS

_NO_LIMIT = 1_000_000


def visible(text: str) -> str:
    """The text with control, format and direction characters made visible; line breaks stay.

    The engine cleans what it hears, but a recording is a file that anybody may have written.
    """
    if text.isprintable():
        return text
    return "\n".join(
        line if line.isprintable() else clean(line, _NO_LIMIT) for line in text.split("\n")
    )


def say(text: str, style: str = "") -> Content:
    """Text as it is, in a style made of theme variables (``"$quiet bold"``)."""
    return Content.styled(visible(keyed(text, key_of)), style)


def join(*parts: Content | str) -> Content:
    """Parts side by side; a plain string is data as well."""
    return Content.assemble(*(part if isinstance(part, Content) else say(part) for part in parts))


def fitting(names: Sequence[str], width: int) -> str:
    """The first of these, the longest before the shorter, that is shown whole; else the last."""
    return next((name for name in names if say(name).cell_length <= width), names[-1])


def spaced(number: int) -> str:
    """A count as a person reads it: ``10 000``."""
    return f"{number:,}".replace(",", " ")


def stack(lines: Iterable[Content]) -> Content:
    """Lines one below the other."""
    return Content("\n").join(list(lines))


def glyph(tone: Tone) -> Content:
    """A tone's sign in its colour."""
    look = LOOKS[tone]
    return say(look.glyph, f"{look.style} bold")


def toned(tone: Tone, text: str) -> Content:
    """Sign and words of a finding in the tone's colour."""
    return join(glyph(tone), " ", say(text, LOOKS[tone].style))


def hint(command: Command, words: str) -> Content:
    """A key as it is today, and what it does: a click on it does the command's action."""
    text = say(f"{command.key} {words}".strip())
    return text.stylize(Style.from_meta({"@click": f"screen.{command.action}"}))


def fit(content: Content, width: int) -> Content:
    """Exactly so wide: cut with an ellipsis, or filled with spaces."""
    width = max(width, 0)
    if content.cell_length > width:
        content = content.truncate(width, ellipsis=True)
    return content.pad_right(width - content.cell_length)


def linked(text: str, style: str = "") -> Content:
    """A text from the program's own words: glossary terms are links, `code` stands out."""
    return Content.assemble(*(_span(span, style) for span in spans(keyed(text, key_of))))


def _span(span: Span, style: str) -> Content:
    if span.term:
        opens = Style.from_meta({"@click": f"app.explain_term({span.term!r})"})
        return say(span.text, "$link underline").stylize(opens)
    parts = span.text.split("`")
    return join(*(say(part, "$note" if at % 2 else style) for at, part in enumerate(parts)))


def wrapped(
    content: Content, width: int, indent: int = 0, first: Content | None = None
) -> list[Content]:
    """Lines of at most `width` cells, the second and later ones indented; `first` leads."""
    lead = first if first is not None else Content(" " * indent)
    lines = content.wrap(max(width - indent, 8)) or [Content("")]
    pad = Content(" " * indent)
    return [(lead if number == 0 else pad) + line for number, line in enumerate(lines)]


def paragraphs(text: str, width: int, style: str = "") -> Iterator[Content]:
    """A text of the program's own words, laid out: paragraphs apart, list items hanging."""
    for line in text.split("\n"):
        mark, item = _item(line)
        if mark:
            lead = say(f"{mark} ", "$quiet")
            yield from wrapped(linked(item, style), width, lead.cell_length, lead)
        elif line:
            yield from wrapped(linked(line, style), width)
        else:
            yield Content("")


def _item(line: str) -> tuple[str, str]:
    if line.startswith("- "):
        return "•", line[2:]
    number, dot, rest = line.partition(". ")
    if dot and number.isascii() and number.isdigit():
        return f"{number}.", rest
    return "", line
