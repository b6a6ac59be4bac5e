"""From what was typed to the settings of one start: files are read and names looked up here."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from ipaddress import ip_address
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from probes.clean import clean
from probes.model import CheckId
from probes.options import OPT_IN, HostPort, Options
from tui.exits import Complaint
from tui.guessing import meant
from tui.settings import Settings
from tui.sources import Replay, Source

if TYPE_CHECKING:
    from probes.events import Event
    from probes.readings.codec import Json

CLOUD_METADATA = "cloud-metadata"
"""What `--with` takes besides checks: a question within the environment check that needs a yes."""
_MEASURING = (
    "derp_map",
    "stun",
    "behavior_server",
    "gateway",
    "port",
    "only",
    "skip",
    "with_",
    "timeout",
    "map_test",
)
"""Options that say how to measure: they mean nothing to a run that is over."""


def settings_of(typed: argparse.Namespace) -> Settings:
    """The settings that the command line asks for. Raises Complaint."""
    if typed.simulate is not None and typed.replay is not None:
        raise Complaint("--simulate and --replay exclude each other.")
    if typed.record is not None and typed.no_save:
        raise Complaint("--record and --no-save exclude each other.")
    if typed.map_test and typed.no_save and typed.simulate is None:
        raise Complaint("--map-test keeps a record until the port is closed; --no-save forbids it.")
    if typed.replay is not None:
        for name in _MEASURING:
            if getattr(typed, name):
                option = "--" + name.rstrip("_").replace("_", "-")
                raise Complaint(f"{option} has no meaning for a recorded run.")
    only, skip = _checks("--only", typed.only), _checks("--skip", typed.skip)
    opt_in = _opt_in(typed.with_)
    if not (only or frozenset(CheckId)) - skip:
        raise Complaint("--only and --skip leave no check to make.")
    if typed.peer and typed.command == "pair":
        raise Complaint("--peer has no meaning here: pair takes both sides as they are given.")
    source = _source(typed)
    from tui.storage import options_journal, options_storage

    salt, cache = options_storage(save=not typed.no_save)
    return Settings(
        options=Options(
            derp_map=typed.derp_map,
            derp_map_text=_derp_map(typed.derp_map),
            stun=tuple(HostPort(host, port) for host, port in typed.stun),
            behavior_servers=tuple(HostPort(host, port) for host, port in typed.behavior_server),
            gateway=ip_address(typed.gateway) if typed.gateway else None,
            peer=typed.peer.strip(),
            port=typed.port,
            only=only,
            skip=skip,
            opt_in=opt_in,
            cloud_metadata=CLOUD_METADATA in typed.with_,
            timeout_s=typed.timeout,
            map_test=typed.map_test,
            salt=salt,
            cache=cache,
            journal=options_journal(save=not typed.no_save),
        ),
        source=source,
        ascii=typed.ascii,
        reduced_motion=typed.reduced_motion,
        privacy=typed.redact,
        save=not typed.no_save,
        record=None if typed.record is None else Path(typed.record),
    )


def _opt_in(names: Iterable[str]) -> frozenset[CheckId]:
    """The checks that `--with` adds. Raises Complaint."""
    wanted = [name for name in names if name != CLOUD_METADATA]
    for name in wanted:
        if name not in OPT_IN:
            why = "is made anyway" if name in set(CheckId) else "is no check"
            shown = name if name in set(CheckId) else repr(name)
            raise Complaint(f"--with: {shown} {why}. It is for {_opt_ins()}.")
    return frozenset(CheckId(name) for name in wanted)


def _opt_ins() -> str:
    """What `--with` is for."""
    return f"{', '.join(each for each in CheckId if each in OPT_IN)} and {CLOUD_METADATA}"


def practice_list() -> str:
    """The practice networks, a line each, the name first."""
    from probes.network.simulated import describe, names

    found = names()
    width = max(map(len, found), default=0)
    return "".join(f"{name:{width}}  {describe(name)}\n" for name in found)


def _checks(option: str, names: Iterable[str]) -> frozenset[CheckId]:
    built = {str(check): check for check in CheckId}
    for name in names:
        if name not in built:
            raise Complaint(f"{option}: {name!r} is no check. The checks are {', '.join(built)}.")
    return frozenset(built[name] for name in names)


def _source(typed: argparse.Namespace) -> Source | None:
    if typed.simulate is not None:
        return _practice(typed.simulate)
    if typed.replay is not None:
        return Replay(f"recording: {clean(Path(typed.replay).name, 60)}", _recording(typed.replay))
    return None


def _practice(name: str) -> Source:
    from probes.network.simulated import names
    from tui.networks import Everything

    known = names()
    if name not in known:
        close = meant(name, known)
        guess = f" Did you mean {close}?" if close else ""
        raise Complaint(
            f"There is no practice network {name!r}.{guess} --simulate list names them all."
        )
    return Everything().open(name)


def _recording(path: str) -> tuple[Event, ...]:
    from probes import recording
    from probes.events import decode, encode

    text = read_text(path, recording.MOST_BYTES, "a recording")
    try:
        found = recording.load(text)
    except recording.NotARecording as error:
        raise Complaint(f"{path!r} cannot be played. {clean(str(error))}") from None
    except RecursionError:
        raise Complaint(f"{path!r} cannot be played. It is nested too deeply.") from None
    # Somebody else may have written the file: its texts are as untrusted as a router's name.
    try:
        return tuple(decode(cleaned(encode(event))) for event in found)
    except ValueError as error:
        raise Complaint(f"{path!r} cannot be played. {error}") from None


def _derp_map(where: str) -> str:
    """The text of a map that is a file, found good. A URL is left to the run."""
    from probes.tailscale.derp_map import MOST_BYTES, BadDerpMap, parse_derp_map

    if not where or where.startswith(("http://", "https://")):
        return ""
    text = read_text(where, MOST_BYTES, "a relay map")
    try:
        parse_derp_map(text)
    except BadDerpMap as error:
        raise Complaint(f"{where!r} cannot be used. {error}") from None
    return text


def read_text(path: str, most: int, what: str) -> str:
    """A file that the person named, of at most `most` bytes. Raises Complaint."""
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise Complaint(f"There is no file {path!r}.") from None
    except IsADirectoryError:
        raise Complaint(f"{path!r} is a directory, not {what}.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Complaint(f"{path!r} cannot be read: {why}.") from None
    if len(data) > most:
        raise Complaint(f"{path!r} is larger than {most // 1_000_000} MB, so it is not {what}.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Complaint(f"{path!r} is not text, so it is not {what}.") from None


def cleaned(value: Json) -> Json:
    """The JSON value with every text in it cleaned. Raises ValueError for what is no number."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("It holds a number that is none.")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items()}
    return value
