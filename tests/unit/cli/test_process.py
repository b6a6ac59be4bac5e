"""The program as a process: how it ends, what it says where, and what it imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from probes.version import __version__
from tests.patience import UNHURRIED_S
from tui.exits import Exit

TOP = Path(__file__).parents[3]
HEAVY = ("textual", "rich", "jsonschema", "pytest")


def environment(home: Path, **more: str) -> dict[str, str]:
    """A person with a home of their own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(TOP),
        "PYTHONUTF8": "0",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TERM": "xterm-256color",
        **more,
    }


def run(
    home: Path, *argv: str, code: str = "", env: dict[str, str] | None = None, **more: object
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, without a terminal."""
    start = ("-c", code) if code else ("-m", "tui")
    given: dict[str, object] = {"stdin": subprocess.DEVNULL, "capture_output": True, **more}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        (sys.executable, *start, *argv),
        cwd=home,
        env=environment(home, **(env or {})),
        text=True,
        encoding="utf-8",
        timeout=60,
        **given,
    )


@pytest.mark.parametrize(
    ("name", "status", "verdict"),
    [
        ("easy-home", Exit.DIRECT, "direct"),
        ("open", Exit.DIRECT, "direct"),
        ("hard-home", Exit.RELAYED, "relayed"),
        ("udp-blocked", Exit.RELAYED, "relayed"),
        ("no-network", Exit.UNKNOWN, "unknown"),
    ],
)
def test_the_status_is_the_verdict(tmp_path: Path, name: str, status: Exit, verdict: str) -> None:
    done = run(tmp_path, "check", "--json", "--simulate", name)
    assert done.returncode == status
    assert done.stderr == ""  # nobody looks, so nothing is narrated
    found = json.loads(done.stdout)
    assert found["schema"] == "whyrelay/1"
    assert found["verdict"] == verdict
    assert found["network"]["measured"] == f"simulated:{name}"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (
            ("chekc",),
            "There is no command 'chekc'; there are check, explain, pair, meet and schema.",
        ),
        (("check", "--port", "0"), "--port: '0' is not a port (1 to 65535)."),
        (
            ("schema", "x"),
            "There is no schema 'x'; there are whyrelay/1, whyrelay-pair/1, whyrelay-meet/1 and "
            "whyrelay-events/1.",
        ),
        (("check", "--simulate", "esy-home"), "Did you mean easy-home?"),
        (("check", "--derp-map", "nowhere.json"), "There is no file 'nowhere.json'."),
        (("check", "--derp-map", "."), "'.' is a directory, not a relay map."),
        (("check", "--derp-map", "words.txt"), "The relay map is not JSON."),
        (("check", "--derp-map", "binary"), "'binary' is not text, so it is not a relay map."),
        (("check", "--derp-map", "shape.json"), "it is not a DERP map."),
        (("check", "--derp-map", "empty.json"), "Region 1 of the relay map has no nodes."),
        (("check", "--derp-map", "deep.json"), "The relay map is not JSON."),
        (("check", "--derp-map", "large.json"), "is larger than 4 MB, so it is not a relay map."),
        (("check", "--replay", "words.txt"), "'words.txt' cannot be played."),
        (("check", "--replay", "nan.events"), "It holds a number that is none."),
        (("check", "--simulate", "open", "--record", "no/such/place"), "No such file or directory"),
        (("check", "--simulate", "open", "--record", "."), "Is a directory"),
        (("check", "--simulate", "open", "--record", "/dev/full"), "No space left on device"),
        (("--json",), "--json belongs to check: whyrelay check --json."),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, argv: Sequence[str], sentence: str) -> None:
    (tmp_path / "words.txt").write_text("Dear program,\n\x1b[2Jgood day")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "shape.json").write_text("[1, 2]")
    (tmp_path / "empty.json").write_text('{"Regions": {"1": {"RegionID": 1, "Nodes": []}}}')
    (tmp_path / "deep.json").write_text("[" * 1_000_000)
    with open(tmp_path / "large.json", "wb") as file:
        file.truncate(50_000_000)
    (tmp_path / "nan.events").write_text(
        '{"schema": "whyrelay-events/1"}\n'
        '{"event": "run-started", "at": NaN, "taken_at": "", "checks": [], "skipped": [],'
        ' "network": "real"}\n'
    )
    done = run(tmp_path, *argv)
    assert done.returncode == Exit.USAGE
    assert sentence in done.stderr
    assert done.stderr.startswith("whyrelay: ")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    if argv[-1] != "/dev/full":  # the run was over before the disk was found full
        assert done.stdout == ""


def test_a_named_map_that_cannot_be_fetched_is_unreadable_input(tmp_path: Path) -> None:
    # A practice network has no server of that name.
    done = run(
        tmp_path, "check", "--simulate", "open", "--derp-map", "http://maps.example.invalid/derp"
    )
    assert done.returncode == Exit.USAGE
    assert done.stdout == ""
    assert "The relay map at http://maps.example.invalid/derp" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_fault_is_one_sentence_and_the_whole_story_on_demand(tmp_path: Path) -> None:
    code = (
        "import sys, tui.request\n"
        "def broken(typed): raise ZeroDivisionError('by\\nzero')\n"
        "tui.request.settings_of = broken\n"
        "from tui.cli import main\n"
        "sys.exit(main())\n"
    )
    done = run(tmp_path, "check", code=code)
    assert done.returncode == Exit.FAULT
    assert "fault of the program" in done.stderr
    assert "ZeroDivisionError: by zero" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    told = run(tmp_path, "check", code=code, env={"WHYRELAY_DEBUG": "1"})
    assert told.returncode == Exit.FAULT
    assert "Traceback (most recent call last)" in told.stderr


def test_version_and_help_are_data(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout == f"whyrelay {__version__}\n"
    assert run(tmp_path, "--ascii", "--version").stdout == f"whyrelay {__version__}\n"
    for argv in (("--help",), ("check", "-h"), ("schema", "--help")):
        done = run(tmp_path, *argv)
        assert done.returncode == 0
        assert done.stdout.startswith("usage: whyrelay")
        assert done.stderr == ""


def test_help_names_the_checks_that_exist(tmp_path: Path) -> None:
    from probes.checks.registry import CHECKS

    words = " ".join(run(tmp_path, "check", "--help").stdout.split())
    assert f"make these checks alone: {', '.join(CHECKS)} " in words


@pytest.mark.parametrize("argv", [("--version",), ("--help",), ("schema",), ("check", "--help")])
def test_what_answers_at_once_imports_next_to_nothing(
    tmp_path: Path, argv: tuple[str, ...]
) -> None:
    loaded = modules_after(tmp_path, *argv)
    assert not loaded & {*HEAVY, "asyncio", "probes.engine", "platformdirs", "psutil"}
    if argv == ("--version",):
        assert not loaded & {"argparse", "dataclasses", "typing", "json", "re"}


def modules_after(home: Path, *argv: str) -> set[str]:
    """What the program had imported when it ended."""
    code = (
        "import sys\n"
        "from tui.cli import main\n"
        "status = main()\n"
        "print(*sys.modules, file=open('modules', 'w'))\n"
        "sys.exit(status)\n"
    )
    run(home, *argv, code=code)
    return set((home / "modules").read_text().split())


@pytest.mark.parametrize("form", ["--json", "--plain"])
def test_check_never_imports_the_app(tmp_path: Path, form: str) -> None:
    loaded = modules_after(tmp_path, "check", form, "--simulate", "hard-home", "--redact")
    assert "probes.engine" in loaded
    assert not loaded & {*HEAVY, "tui.app", "probes.network.real"}
    assert not {name for name in loaded if name.startswith(("tui.screens", "tui.widgets"))}


def test_probes_knows_no_user_interface(tmp_path: Path) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        "import probes\n"
        "for each in pkgutil.walk_packages(probes.__path__, 'probes.'):\n"
        "    importlib.import_module(each.name)\n"
        "print(*sys.modules)\n"
    )
    done = run(tmp_path, code=code)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "probes.engine" in loaded
    assert "probes.network.simulated.nat" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in ("tui", "textual", "rich")}


def test_the_app_falls_back_to_text_without_a_terminal(tmp_path: Path) -> None:
    done = run(tmp_path, "--simulate", "hard-home")
    assert done.returncode == Exit.RELAYED
    assert done.stdout == run(tmp_path, "check", "--plain", "--simulate", "hard-home").stdout
    assert done.stderr == (
        "whyrelay: There is no terminal to draw on, so here is the plain text.\n"
    )


def test_plain_is_the_same_text_unasked(tmp_path: Path) -> None:
    done = run(tmp_path, "--plain", "--simulate", "hard-home")
    assert done.returncode == Exit.RELAYED
    assert done.stdout == run(tmp_path, "check", "--simulate", "hard-home").stdout
    assert done.stderr.startswith("whyrelay: Standard input is no terminal, so nobody can be asked")
    assert done.stderr.count("\n") == 1, "what was piped in is not read, and that is said once"


@pytest.mark.parametrize("argv", [("--json",), ("--plain",), ("--json", "--ascii")])
def test_an_old_encoding_gets_ascii(tmp_path: Path, argv: tuple[str, ...]) -> None:
    env = {"PYTHONIOENCODING": "" if "--ascii" in argv else "ascii"}
    done = run(tmp_path, "check", *argv, "--simulate", "hard-home", env=env)
    assert done.returncode == Exit.RELAYED
    assert done.stdout.isascii()
    assert done.stderr == ""
    if "--json" in argv:
        utf8 = run(tmp_path, "check", "--json", "--simulate", "hard-home")
        first, second = json.loads(done.stdout), json.loads(utf8.stdout)
        del first["network"]["id"], second["network"]["id"]
        assert not utf8.stdout.isascii()
        assert first == second


def test_a_closed_or_full_standard_output_is_said(tmp_path: Path) -> None:
    for place, why in ((">&-", "There is no standard output"), (">/dev/full", "No space left")):
        for words in ("check --simulate open", "--version", "--help", "schema"):
            done = subprocess.run(
                f"{sys.executable} -m tui {words} {place}",
                shell=True,
                cwd=tmp_path,
                env=environment(tmp_path),
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == Exit.USAGE, words
            assert done.stderr.count("\n") == 1
            assert why in done.stderr or words == "--version"


def test_nobody_reading_changes_no_verdict(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        done = run(
            tmp_path,
            *("check", "--json", "--simulate", "hard-home"),
            capture_output=False,
            stdout=gone,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == Exit.RELAYED
    assert done.stderr == "whyrelay: Nobody reads the output any more.\n"


def test_a_closed_standard_error_loses_only_narration(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m tui check --simulate hard-home 2>&-",
        shell=True,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == Exit.RELAYED
    assert "1. Verdict" in done.stdout


def slow_recording(path: Path, *, ended: bool = False) -> None:
    """A recording whose run takes an hour. `ended`: its one check does not."""
    end = '{"event": "check-finished", "at": 2, "check": "stun", "status": "done", "error": ""}\n'
    path.write_text(
        '{"schema": "whyrelay-events/1"}\n'
        '{"event": "run-started", "at": 0, "taken_at": "", "checks": ["stun"], "skipped": [],'
        ' "network": "real"}\n'
        '{"event": "check-started", "at": 1, "check": "stun", "budget_ms": 1}\n'
        + (end if ended else "")
        + '{"event": "run-finished", "at": 3600000, "network_id": "", "changed": false,'
        ' "cancelled": false}\n'
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    slow_recording(tmp_path / "slow.events")
    kept = tmp_path / "copy.events"
    with subprocess.Popen(
        (sys.executable, "-m", "tui", "check", "--replay", "slow.events", "--record", str(kept)),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # nohup has it ignored
    ) as process:
        try:
            wait_until(lambda: kept.exists() and "check-started" in kept.read_text())
            began = time.monotonic()
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=30)
            took = time.monotonic() - began
        finally:
            process.kill()
    assert process.returncode == Exit.INTERRUPTED
    assert (stdout, stderr) == ("", "whyrelay: Interrupted.\n")
    assert took < UNHURRIED_S  # an hour is what it would have taken


def wait_until(holds: object) -> None:
    """Until something is so; a test that waits for ever is a test that failed."""
    assert callable(holds)
    limit = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_what_was_recorded_is_played_and_concludes_the_same(tmp_path: Path) -> None:
    first = run(tmp_path, "check", "--json", "--simulate", "hard-home", "--record", "run.events")
    assert (tmp_path / "run.events").stat().st_mode & 0o777 == 0o600
    again = run(tmp_path, "check", "--json", "--replay", "run.events")
    assert first.returncode == again.returncode == Exit.RELAYED
    assert json.loads(again.stdout) == json.loads(first.stdout)


def test_a_recording_takes_an_earlier_ones_place_and_nothing_elses(tmp_path: Path) -> None:
    path = tmp_path / "run.events"
    path.touch()  # an empty file, as mktemp makes it
    for name in ("easy-home", "open"):
        run(tmp_path, "check", "--simulate", name, "--record", "run.events")
        assert f"simulated:{name}" in path.read_text()
    path.write_text("my thesis")
    done = run(tmp_path, "check", "--simulate", "open", "--record", "run.events")
    assert done.returncode == Exit.USAGE
    assert "holds something else than a recording" in done.stderr
    assert path.read_text() == "my thesis"


def test_a_recording_plays_with_its_timing(tmp_path: Path) -> None:
    run(tmp_path, "check", "--simulate", "slow-satellite", "--record", "run.events")
    lines = (tmp_path / "run.events").read_text().splitlines()
    lasted_s = json.loads(lines[-1])["at"] / 1000
    assert lasted_s > 0.5
    began = time.monotonic()
    run(tmp_path, "check", "--replay", "run.events")
    assert time.monotonic() - began >= lasted_s


def test_a_recording_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    run(tmp_path, "check", "--simulate", "easy-home", "--record", "run.events")
    path = tmp_path / "run.events"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:6]) + lines[6][:20])
    done = run(tmp_path, "check", "--json", "--replay", "run.events")
    assert done.returncode == Exit.UNKNOWN
    assert "The recording ends before its run did" in done.stderr
    found = json.loads(done.stdout)
    assert not found["complete"]
    assert found["verdict"] == "unknown"


def test_what_somebody_else_recorded_reaches_no_terminal_raw(tmp_path: Path) -> None:
    run(tmp_path, "check", "--simulate", "easy-home", "--record", "run.events")
    path = tmp_path / "run.events"
    path.write_text(path.read_text().replace("wlan0", "wl\\u001b]0;pwned\\u0007an0"))
    for form in ("--plain", "--json"):
        done = run(tmp_path, "check", form, "--replay", "run.events")
        assert done.returncode == Exit.DIRECT
        assert "pwned" in done.stdout
        assert "\x1b" not in done.stdout
        assert "\\u001b" not in done.stdout.replace("\\\\", "")


def test_redact_masks_text_json_and_recording_alike(tmp_path: Path) -> None:
    secrets = ("45.83.223.10", "192.168.1.20", "Frankfurt")
    argv = ("check", "--simulate", "hard-home")
    bare = run(tmp_path, *argv, "--json").stdout
    assert all(secret in bare for secret in secrets)
    done = run(tmp_path, *argv, "--json", "--redact", "--record", "run.events")
    plain = run(tmp_path, *argv, "--plain", "--redact").stdout
    recorded = (tmp_path / "run.events").read_text()
    for text in (done.stdout, plain, recorded):
        assert not [secret for secret in secrets if secret in text]
    assert done.returncode == Exit.RELAYED
    assert json.loads(done.stdout)["netcheck"]["GlobalV4"] in recorded


def test_nothing_is_written_without_leave(tmp_path: Path) -> None:
    run(tmp_path, "check", "--simulate", "easy-home", "--no-save")
    assert list(tmp_path.iterdir()) == []
    run(tmp_path, "check", "--simulate", "easy-home")
    assert list(tmp_path.rglob("salt"))


def test_a_home_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / ".local").write_text("in the way")
    (tmp_path / ".cache").write_text("in the way")
    done = run(tmp_path, "check", "--simulate", "easy-home", env={"HOME": str(tmp_path)})
    assert done.returncode == Exit.DIRECT
    assert done.stderr == ""


def test_the_practice_networks_are_listed(tmp_path: Path) -> None:
    from probes.network.simulated import names

    for argv in (("--simulate", "list"), ("check", "--simulate", "list")):
        lines = run(tmp_path, *argv).stdout.splitlines()
        assert [line.split()[0] for line in lines] == list(names())


def test_a_time_limit_closes_the_report(tmp_path: Path) -> None:
    done = run(tmp_path, "check", "--json", "--simulate", "slow-satellite", "--timeout", "0.1")
    found = json.loads(done.stdout)
    assert done.returncode == Exit.UNKNOWN
    assert found["elapsed_ms"] <= 101
    assert found["checks"]["stun"]["status"] == "timed-out"


def test_only_and_skip_choose_the_checks(tmp_path: Path) -> None:
    done = run(tmp_path, "check", "--json", "--simulate", "easy-home", "--only", "local")
    states = {name: state["status"] for name, state in json.loads(done.stdout)["checks"].items()}
    assert states.pop("local") == "done"
    assert set(states.values()) == {"skipped"}
    assert json.loads(done.stdout)["readings"]["stun.udp"]["reason"] == "skipped"


def test_what_asyncio_complains_of_reaches_no_terminal(tmp_path: Path) -> None:
    code = (
        "import logging; from tui.interrupt import quiet_libraries; quiet_libraries();"
        "logging.getLogger('asyncio').warning('Unknown child process')"
    )

    def said(**env: str) -> str:
        done = subprocess.run(
            (sys.executable, "-c", code),
            env=environment(tmp_path, **env),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stderr

    assert said() == ""
    assert "Unknown child" in said(WHYRELAY_DEBUG="1")
