"""`whyrelay meet`: two devices try to reach each other now, and each says what came of it."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from probes.model import Endpoint
from probes.network.seam import NetworkError
from probes.options import Options
from probes.punch.meeting import Meeting
from probes.punch.offer import Offer
from probes.punch.session import WAIT_S, Encounter, NoPort, NoWay, Stage, hold
from probes.relays import NoMap
from tui import content
from tui.exits import Complaint, Exit
from tui.interrupt import run_interruptibly
from tui.meeting_folder import Folder
from tui.meeting_pipe import Pipe
from tui.meeting_view import exit_of, headline, meeting_to_json, meeting_to_text
from tui.output import NobodyReads, plain_ascii, require_stdout, say, unicode_stdout, write_out
from tui.request import settings_of

STREAMS = "-"
"""Stands for standard output and input."""


def run_meet(typed: Namespace) -> Exit:
    """Meet, write what came of it, and return the status. Raises Complaint."""
    require_stdout()
    for option in ("simulate", "replay", "record"):
        if getattr(typed, option) is not None:
            raise Complaint(f"--{option} has no meaning where two devices meet.")
    settings = settings_of(typed)
    found = _met(typed.via, settings.options)
    if found is None:
        return Exit.UNKNOWN
    shown = _masked(found) if settings.privacy else found
    asked = settings.options.map_test
    if typed.json:
        value = meeting_to_json(shown, asked_router=asked)
        # Between offers every object is a line of its own.
        indent = None if typed.via == STREAMS else 2
        ascii_only = settings.ascii or not unicode_stdout()
        text = json.dumps(value, ensure_ascii=ascii_only, indent=indent) + "\n"
    else:
        text = meeting_to_text(shown, asked_router=asked)
        text = plain_ascii(text) if settings.ascii else text
    if typed.via == STREAMS and not sys.stdout.isatty():
        say(headline(shown))  # the other program may be all that reads the output
    try:
        write_out(text)
    except NobodyReads as error:
        if typed.via != STREAMS:
            say(str(error))
    return exit_of(found)


def _met(via: str, options: Options) -> Encounter | None:
    """None: there is no network to meet over, which was told."""
    from probes.network.real import RealNetwork

    folder = None if via == STREAMS else Folder(Path(via))
    if folder is not None:
        folder.look()
    wait_s = options.timeout_s or WAIT_S

    def tell(stage: Stage) -> None:
        which = str(stage)
        if stage is Stage.WAITING:
            which += "-pipe" if folder is None else "-folder"
        say(content.plain(content.fill(content.meeting(which), place=via, seconds=f"{wait_s:.0f}")))

    try:
        return run_interruptibly(
            lambda: hold(RealNetwork(), options, folder or Pipe(), tell), asyncio.run
        )
    except (NoMap, NoPort) as error:
        raise Complaint(str(error)) from None
    except (NoWay, NetworkError) as error:
        say(str(error))
        return None


def _masked(found: Encounter) -> Encounter:
    """With every address exchanged for another of its kind; equal ones stay equal."""
    from tui.masking import Masker

    masker = Masker()

    def one(endpoint: Endpoint) -> Endpoint:
        return Endpoint.parse(masker.whole(str(endpoint)))

    def offer(offer: Offer) -> Offer:
        told = tuple(replace(each, endpoint=one(each.endpoint)) for each in offer.candidates)
        return replace(offer, candidates=told)

    def meeting(meeting: Meeting) -> Meeting:
        paths = tuple(
            replace(
                path,
                endpoint=one(path.endpoint),
                seen_as=None if path.seen_as is None else one(path.seen_as),
            )
            for path in meeting.paths
        )
        return replace(meeting, paths=paths, heard=tuple(map(one, meeting.heard)))

    opening = found.opening
    return replace(
        found,
        own=offer(found.own),
        peer=None if found.peer is None else offer(found.peer),
        meeting=None if found.meeting is None else meeting(found.meeting),
        opening=None if opening is None else replace(opening, endpoint=one(opening.endpoint)),
    )
