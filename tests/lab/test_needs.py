"""A machine that cannot build a lab leaves its tests out, with the reason; CI may not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.lab.internet import TOP
from tests.lab.needs import TOOLS

_A_LAB_TEST = "tests/lab/test_namespaces.py::test_nothing_outlives_the_lab"


@pytest.mark.parametrize(("ci", "status", "word"), [("", 0, "1 skipped"), ("true", 1, "1 error")])
def test_a_machine_without_the_tools(ci: str, status: int, word: str) -> None:
    options = ("-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-rs")
    done = subprocess.run(
        (sys.executable, "-m", "pytest", *options, _A_LAB_TEST),
        env={"PATH": "/nowhere", "CI": ci, "HOME": os.environ.get("HOME", "/")},
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout
    assert word in done.stdout
    needed = f"the lab needs {', '.join(sorted(TOOLS))} (Debian: apt-get install "
    assert needed in done.stdout
