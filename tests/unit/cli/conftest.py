"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes import recording
from probes.events import RunFinished, RunStarted
from probes.model import CheckId


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    """A recording of a run in which nothing was found."""
    path = tmp_path / "run.events"
    path.write_text(
        recording.dump(
            (
                RunStarted(0.0, "2026-01-01T00:00:00Z", (CheckId.LOCAL,), (), "real"),
                RunFinished(5.0, "", changed=False),
            ),
            "0",
        ),
        encoding="utf-8",
    )
    return str(path)
