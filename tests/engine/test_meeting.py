"""Two of the program's own ends meet in simulated networks, and do what real daemons did."""

from __future__ import annotations

import asyncio
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Endpoint, Family
from probes.network.seam import Bind
from probes.network.simulated import SimulatedNetwork, parse, run_virtual
from probes.punch.gather import open_end
from probes.punch.meeting import End, Meeting
from probes.punch.offer import (
    MOST_CANDIDATES,
    BadOffer,
    Candidate,
    CandidateKind,
    Offer,
    decode,
    encode,
)
from tests.engine import sites
from tests.measured_pairs import COLUMNS, EXTRA, outcome

SERVERS = (Endpoint.parse("45.83.220.1:3478"), Endpoint.parse("45.83.221.1:3478"))
SECOND_STARTS_AFTER_S = 0.4


async def end_of(network: SimulatedNetwork, kind: str) -> End:
    """An end on the VPN's port. A mapping is told as a daemon tells it."""
    end = await open_end(network, SERVERS, binds=[Bind(Family.V4, port=sites.PORT)])
    if kind not in sites.FORWARDED:
        return end
    public = next(each for each in end.own.candidates if each.kind is CandidateKind.STUN)
    mapped = Endpoint(public.endpoint.address, sites.PORT)
    extra = (Candidate(CandidateKind.PORT_MAPPING, mapped),)
    return End(end.network, end.sockets, Offer(end.own.nonce, extra + end.own.candidates))


def meet(here: str, there: str, starts: str) -> tuple[Meeting, Meeting]:
    async def run() -> tuple[Meeting, Meeting]:
        network = parse(sites.two(here, there))
        near = await end_of(network, here)
        far = await end_of(network.seen_from("there"), there)
        late = SECOND_STARTS_AFTER_S
        # Offers travel as text.
        return await asyncio.gather(
            near.meet(decode(encode(far.own)), starts_after_s=0.0 if starts == "here" else late),
            far.meet(decode(encode(near.own)), starts_after_s=late if starts == "here" else 0.0),
        )

    return run_virtual(run())


@pytest.mark.parametrize("starts", ["here", "there"])
@pytest.mark.parametrize(("here", "there"), list(combinations_with_replacement(COLUMNS, 2)))
def test_what_the_packets_do_is_what_real_daemons_did(here: str, there: str, starts: str) -> None:
    near, far = meet(here, there, starts)
    assert near.direct is far.direct is (outcome(here, there) == "D")


@pytest.mark.parametrize(
    ("here", "there"), [pair for pair, letter in EXTRA.items() if letter == "S"]
)
def test_where_it_matters_who_starts(here: str, there: str) -> None:
    found = {meet(here, there, starts)[0].direct for starts in ("here", "there")}
    assert found == {True, False}


def test_a_direct_meeting_says_where_and_how_fast() -> None:
    near, far = meet("eim-apdf", "open", "here")
    assert near.direct
    assert near.endpoint is not None
    assert near.endpoint.port == sites.PORT
    assert near.endpoint in near.heard
    assert near.rtt_ms is not None
    assert near.rtt_ms > 0
    assert near.after_s is not None
    assert far.heard


def test_an_offer_names_what_a_daemon_would_announce() -> None:
    async def run(kind: str) -> list[CandidateKind]:
        network = parse(sites.two(kind, "open"))
        end = await open_end(network, SERVERS, binds=[Bind(Family.V4, port=sites.PORT)])
        return [each.kind for each in end.own.candidates]

    assert run_virtual(run("eim-apdf")) == [CandidateKind.STUN, CandidateKind.LOCAL]
    assert run_virtual(run("hard")) == [
        CandidateKind.STUN,
        CandidateKind.STUN,
        CandidateKind.STUN_LOCAL_PORT,
        CandidateKind.LOCAL,
    ]


offers = st.builds(
    Offer,
    st.binary(min_size=16, max_size=16),
    st.lists(
        st.builds(
            Candidate,
            st.sampled_from(CandidateKind),
            st.builds(Endpoint, st.ip_addresses(), st.integers(0, 65535)),
        ),
        max_size=MOST_CANDIDATES,
    ).map(tuple),
)


@given(offers)
def test_offers_are_read_back(offer: Offer) -> None:
    assert decode(encode(offer)) == offer


@given(st.text(max_size=200))
def test_arbitrary_text_is_no_offer(text: str) -> None:
    with pytest.raises(BadOffer):
        decode(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 8000,
        '{"schema": "whyrelay-offer/1", "nonce": "00", "candidates": []}',
        '{"schema": "whyrelay-offer/1", "nonce": 7, "candidates": []}',
        '{"schema": "whyrelay-offer/2", "nonce": "", "candidates": []}',
        '{"schema": "whyrelay-offer/1", "nonce": "", "candidates": [["stun"]]}',
        "x" * 10_000,
    ],
)
def test_what_is_no_offer_gets_one_sentence(text: str) -> None:
    with pytest.raises(BadOffer, match=r"^The other end.*\.$"):
        decode(text)
