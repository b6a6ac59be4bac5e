"""Makes the published schemas: ``python -m tui.schemas.generate`` rewrites the files.

The readings come from their codecs and the words from their enums, so a schema cannot fall behind
the program; a test compares the committed files with what is made here.
"""

from __future__ import annotations

import json
from pathlib import Path

from tui.schemas import FILES
from tui.schemas.events import events_schema
from tui.schemas.meet import meet_schema
from tui.schemas.pair import pair_schema
from tui.schemas.report import report_schema

MAKERS = {
    "whyrelay/1": report_schema,
    "whyrelay-pair/1": pair_schema,
    "whyrelay-meet/1": meet_schema,
    "whyrelay-events/1": events_schema,
}


def made(name: str) -> str:
    """The text of a schema file as it should be."""
    return json.dumps(MAKERS[name](), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Rewrite the files."""
    for name, file in FILES.items():
        Path(__file__).with_name(file).write_text(made(name), encoding="utf-8")


if __name__ == "__main__":
    main()
