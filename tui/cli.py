"""The command line: `whyrelay` and its commands.

Imported for every start, `--version` among them: everything else is imported where it is needed.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs as much as the bare interpreter's start
    from argparse import Namespace
    from collections.abc import Sequence

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program. Returns the exit status; never raises."""
    import gc

    if argv is not None:
        collects = gc.isenabled()
        try:
            return _run(list(argv))
        finally:
            if collects:  # a command turns it off, but whoever calls goes on
                gc.enable()
    if sys.argv[1:] != ["--version"]:
        import signal

        # Until a run or the app watches for signals itself, being killed is being interrupted.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    status = _run(sys.argv[1:])
    gc.freeze()  # nothing is to be looked through at the end
    _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process here if a call that nobody waits for any more is still under way.

    Such calls have threads of their own. The interpreter's orderly end takes OpenSSL away from
    under one that reads the trusted certificates, and that is a crash. After an interruption it
    may also take a KeyboardInterrupt for unhandled that was handled, and end by a signal.
    """
    threading = sys.modules.get("threading")
    if status != _INTERRUPTED and (threading is None or threading.active_count() == 1):
        return
    import os
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        return _version()
    try:
        return int(_main(arguments))
    except KeyboardInterrupt:
        from tui.output import say

        say("Interrupted.")
        return _INTERRUPTED
    except Exception as fault:
        return _failed(fault)


def _failed(fault: Exception) -> int:
    from tui.exits import Complaint, Exit
    from tui.output import NobodyReads, say

    if isinstance(fault, NobodyReads):
        return Exit.DIRECT  # help, a list or a schema, read as far as somebody wanted
    if isinstance(fault, Complaint):
        say(str(fault))
        return Exit.USAGE
    return _fault(fault)


def _version() -> int:
    from probes.version import __version__

    text = f"whyrelay {__version__}\n"
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        from tui.exits import Exit
        from tui.output import say, silence

        silence(sys.stdout)
        say("The version could not be written.")
        return Exit.USAGE
    return 0


def _main(arguments: list[str]) -> int:
    typed = _parsed(arguments)
    if typed is None:
        return 0
    if typed.version:
        return _version()
    if typed.command == "schema":
        return _schema(typed.name)
    if typed.command == "explain":
        return _explain(typed)
    if typed.command == "pair":
        return _pair(typed)
    if typed.command == "meet":
        return _meet(typed)
    if typed.simulate == "list":
        from tui.output import write_out
        from tui.request import practice_list

        write_out(practice_list())
        return 0
    if typed.command == "check":
        return _check(typed)
    return _app(typed)


def _parsed(arguments: list[str]) -> Namespace | None:
    """What was typed; None where help was asked for, and given. Raises Complaint."""
    import io
    from contextlib import redirect_stdout

    from tui.arguments import parse
    from tui.output import write_out

    text = io.StringIO()
    try:
        with redirect_stdout(text):
            return parse(arguments)
    except SystemExit:  # argparse after --help
        write_out(text.getvalue())
        return None


def _schema(name: str) -> int:
    from tui.exits import Complaint
    from tui.output import write_out
    from tui.schemas import FILES, find, text

    found = find(name)
    if found is None:
        *most, last = FILES
        raise Complaint(f"There is no schema {name!r}; there are {', '.join(most)} and {last}.")
    write_out(text(found))
    return 0


def _check(typed: Namespace) -> int:
    import gc

    # A run is short and its memory small: looking for garbage would only take time.
    gc.disable()
    from tui.check import Form, run_check
    from tui.exits import Complaint
    from tui.request import settings_of

    if typed.json and typed.plain:
        raise Complaint("--json and --plain exclude each other.")
    form = Form.JSON if typed.json else Form.PLAIN if typed.plain else Form.DEFAULT
    return run_check(settings_of(typed), form, virtual=typed.simulate is not None)


def _explain(typed: Namespace) -> int:
    """On a terminal the app opens on it; as text or JSON where that is asked for, or all there is.

    What comes through a pipe is read to its end first, and then the terminal takes its place.
    """
    from tui.explaining import app_wanted, conclude
    from tui.reading import STDIN, read_input

    if typed.json and typed.plain:
        from tui.exits import Complaint

        raise Complaint("--json and --plain exclude each other.")
    in_app = not (typed.json or typed.plain) and app_wanted(piped=typed.input == STDIN)
    given = read_input(typed.input)
    if in_app and typed.input == STDIN:
        from tui.terminal import take_terminal

        in_app = take_terminal()
    if not in_app:
        return conclude(given, as_json=typed.json, ascii_only=typed.ascii, redact=typed.redact)
    from dataclasses import replace

    from tui.request import settings_of
    from tui.run_app import run_app
    from tui.sources import Opened

    return run_app(
        replace(settings_of(typed), source=Opened(given.title, given.report, given.notes))
    )


def _pair(typed: Namespace) -> int:
    from tui.check import Form
    from tui.exits import Complaint
    from tui.pairing import HERE, run_pair
    from tui.request import settings_of

    if typed.record is not None and HERE not in (typed.a, typed.b):
        raise Complaint("--record has no meaning where nothing is measured.")
    form = Form.JSON if typed.json else Form.PLAIN if typed.plain else Form.DEFAULT
    virtual = typed.simulate is not None
    return run_pair((typed.a, typed.b), settings_of(typed), form, virtual=virtual)


def _meet(typed: Namespace) -> int:
    import gc

    gc.disable()  # as in a check: nothing is garbage while modules load
    from tui.meeting import run_meet

    return run_meet(typed)


def _app(typed: Namespace) -> int:
    from tui.output import say
    from tui.terminal import unfit

    typed.json = False
    if typed.plain:
        return _walk(typed)
    why = unfit()
    if why:
        say(why)
        typed.plain = True
        return _check(typed)
    import gc

    from tui.request import settings_of

    gc.disable()  # nothing is garbage while modules load; the app turns it on when it has painted
    settings = settings_of(typed)
    recorded = None
    if settings.record is not None:
        from dataclasses import replace

        from tui.check import source_of
        from tui.recorder import Recorded, open_recording

        open_recording(settings.record).close()  # a path that cannot be written is told now
        settings = replace(settings, source=source_of(settings))
        recorded = settings.source if isinstance(settings.source, Recorded) else None
    from tui.run_app import run_app

    status = run_app(settings)
    if recorded is not None and recorded.fault is not None:
        raise recorded.fault
    return status


def _walk(typed: Namespace) -> int:
    """The walk as text where somebody can answer; else the report, which asks nothing."""
    from tui.terminal import can_answer

    answers, recorded = can_answer(), typed.record is not None
    if recorded or not answers:
        from tui.output import say

        say(
            "A run is recorded, so nothing is asked: here is the report of check."
            if recorded
            else "Standard input is no terminal, so nobody can be asked, and nothing is read from "
            "it: here is the report of check."
        )
        return _check(typed)
    from tui.request import settings_of
    from tui.walking.walk import run_walk

    return run_walk(settings_of(typed))


def _fault(fault: Exception) -> int:
    """A fault of the program: one sentence, and the whole story for whoever asks for it."""
    import os

    from tui.exits import Exit
    from tui.output import say

    if os.environ.get("WHYRELAY_DEBUG") == "1":
        import traceback

        traceback.print_exception(fault)
    words = " ".join(f"{type(fault).__name__}: {fault}".split()).rstrip(": .")
    say(
        f"This is a fault of the program, not of your network: {words}. Please report it, with "
        "what is printed when the environment variable WHYRELAY_DEBUG is 1."
    )
    return Exit.FAULT


if __name__ == "__main__":
    sys.exit(main())
