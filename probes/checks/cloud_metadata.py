"""Asks a cloud's metadata service for this machine's public address, with the person's consent.

The service is at a link-local address: the packets do not leave the provider's own host. It tells
what no measurement can: that the public address belongs to this machine alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from probes.checks.context import Context
from probes.checks.ways_out import bind_for, usable
from probes.model import Family, Reason
from probes.network.seam import Bind, HttpAsk, HttpReply, NetworkError
from probes.readings import local
from probes.readings.environment import METADATA, CloudMetadata, Evidence, Surrounding
from probes.surroundings import metadata
from probes.surroundings.metadata import Question, Told

ANSWER_S = 1.5
"""For token and answer. It is on this very host, or not there at all."""


async def tell_metadata(context: Context, evidence: Sequence[Evidence]) -> None:
    """Tell `METADATA`."""
    cloud = next((each.name for each in evidence if each.kind is Surrounding.CLOUD), "")
    if not context.options.cloud_metadata:
        if cloud:
            detail = f"--with cloud-metadata asks {cloud} for the public address"
            context.unknown(METADATA, Reason.NEEDS_CONSENT, detail)
        else:
            context.unknown(METADATA, Reason.NOT_APPLICABLE, "there is no sign of a cloud")
        return
    context.progress(1, 4, "ask-metadata")
    way = usable(await context.board.reading(local.WAY_OUT4))
    bind = bind_for(way) if way is not None and not way.through_tunnel else Bind(Family.V4)
    asked = metadata.questions(cloud)
    answers = await asyncio.gather(*(_ask(context, each, bind) for each in asked))
    told = [(each, said) for each, said in zip(asked, answers, strict=True) if said is not None]
    if not told:
        detail = f"no metadata service answered at {metadata.HOST}"
        context.unknown(METADATA, Reason.NO_ANSWER, detail)
        return
    question, said = next((each for each in told if each[1].address is not None), told[0])
    found = CloudMetadata(str(question.provider), said.address)
    context.known(METADATA, found, f"the metadata service of {question.provider}")


async def _ask(context: Context, question: Question, bind: Bind) -> Told | None:
    """None: no answer, or none of this provider's."""
    try:
        async with asyncio.timeout(ANSWER_S):
            token = ""
            if question.token_path:
                reply = await _http(context, question.token_path, question.token_ask(), bind)
                token = metadata.token_of(reply)
                if not token:
                    return None
            reply = await _http(context, question.path, question.ask(token), bind)
    except (NetworkError, TimeoutError):
        return None
    return metadata.read(question, reply)


async def _http(context: Context, path: str, ask: HttpAsk, bind: Bind) -> HttpReply:
    url = metadata.HOST + path
    return await context.network.http(url, ask, most=metadata.MOST_BYTES, bind=bind)
