"""What is installed: exactly our two packages, and everything that they need to run."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from email.parser import Parser
from io import StringIO
from pathlib import Path

import pytest

from probes.version import __version__

TOP = Path(__file__).parents[2]
DATA = {".tcss", ".md", ".toml", ".json", ".typed"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, built without fetching anything."""
    target = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", target),
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as found:
        yield found


def test_its_top_level_is_ours_alone(wheel: zipfile.ZipFile) -> None:
    top = {name.partition("/")[0] for name in wheel.namelist()}
    assert top == {"tui", "probes", f"whyrelay-{__version__}.dist-info"}


def test_every_module_and_all_data_are_inside(wheel: zipfile.ZipFile) -> None:
    ours = {
        str(file.relative_to(TOP))
        for package in ("tui", "probes")
        for file in (TOP / package).rglob("*")
        if file.suffix in DATA | {".py"}
    }
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == ours
    for suffix in DATA:
        assert any(name.endswith(suffix) for name in inside), suffix


def test_the_command_is_there(wheel: zipfile.ZipFile) -> None:
    info = f"whyrelay-{__version__}.dist-info"
    entries = ConfigParser()
    entries.read_file(StringIO(wheel.read(f"{info}/entry_points.txt").decode()))
    assert dict(entries["console_scripts"]) == {"whyrelay": "tui.cli:main"}
    about = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
    assert about["Name"] == "whyrelay"
    assert about["License-Expression"] == "MIT"
    needs = (need for need in about.get_all("Requires-Dist", []) if "extra ==" not in need)
    names = {re.split(r"[^\w-]", need)[0] for need in needs}
    assert names == {"textual", "pystun3", "miniupnpc", "platformdirs", "psutil"}
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


def test_it_runs_from_the_wheel_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Data is found where the packages are, and nowhere else."""
    wheel.extractall(tmp_path / "site")
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import tui.cli, probes\n"
        f"assert tui.cli.__file__.startswith({str(tmp_path)!r})\n"
        f"assert probes.__file__.startswith({str(tmp_path)!r})\n"
        "sys.exit(tui.cli.main(['check', '--simulate', 'hard-home', '--no-save']))\n"
    )
    done = subprocess.run(
        (sys.executable, "-I", "-c", code),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"LANG": "C.UTF-8", "HOME": str(tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "hard NAT" in done.stdout
