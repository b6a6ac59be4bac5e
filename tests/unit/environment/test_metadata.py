"""Answers of metadata services, and of what only stands in their place."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.network.seam import HttpReply
from probes.surroundings.metadata import (
    QUESTIONS,
    Provider,
    Question,
    Told,
    questions,
    read,
    token_of,
)

ADDRESS = IPv4Address("45.83.223.10")
BY = {each.provider: each for each in QUESTIONS}
GOOGLE = (("metadata-flavor", "Google"),)


def reply(
    body: bytes = b"45.83.223.10",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    truncated: bool = False,
) -> HttpReply:
    return HttpReply(status, headers, body, truncated)


@pytest.mark.parametrize(
    ("provider", "answer", "told"),
    [
        (Provider.AMAZON, reply(), Told(ADDRESS)),
        (Provider.AMAZON, reply(b"45.83.223.10\n"), Told(ADDRESS)),
        (Provider.AMAZON, reply(b"", 404), Told(None)),
        (Provider.AMAZON, reply(b"<html>sign in</html>"), None),
        (Provider.AMAZON, reply(b"", 302), None),
        (Provider.GOOGLE, reply(headers=GOOGLE), Told(ADDRESS)),
        (Provider.GOOGLE, reply(b"", 200, GOOGLE), Told(None)),
        (Provider.GOOGLE, reply(b"", 404, GOOGLE), Told(None)),
        (Provider.GOOGLE, reply(), None),  # any web server says 200
        (Provider.AZURE, reply(), Told(ADDRESS)),
        (Provider.AZURE, reply(b""), Told(None)),
        (Provider.AZURE, reply(b"", 404), None),
        (Provider.ORACLE, reply(b'[{"privateIp": "10.0.0.2"}]'), Told(None)),
        (Provider.ORACLE, reply(b"<html/>"), None),
        (Provider.OPENSTACK, reply(), Told(ADDRESS)),
        (Provider.OPENSTACK, reply(b"", 404), None),
        (Provider.OPENSTACK, reply(b"45.83.223.10 45.83.223.11"), None),
        (Provider.OPENSTACK, reply(truncated=True), None),
    ],
)
def test_only_a_providers_own_answer_counts(
    provider: Provider, answer: HttpReply, told: Told | None
) -> None:
    assert read(BY[provider], answer) == told


@pytest.mark.parametrize(
    ("answer", "token"),
    [
        (reply(b"AQAEAL1j=="), "AQAEAL1j=="),
        (reply(b"AQ\r\nX-Evil: 1"), ""),
        (reply(b"two words"), ""),
        (reply(b"\xff"), ""),
        (reply(b"x" * 513), ""),
        (reply(b"", 200), ""),
        (reply(b"AQ", 403), ""),
    ],
)
def test_a_token_is_one_plain_word(answer: HttpReply, token: str) -> None:
    assert token_of(answer) == token


def test_a_known_cloud_is_asked_alone() -> None:
    assert [each.provider for each in questions("Amazon EC2")] == [Provider.AMAZON]
    assert [each.provider for each in questions("an OpenStack cloud")] == [Provider.OPENSTACK]
    assert questions("") == questions("Hetzner Cloud") == QUESTIONS


@given(
    st.sampled_from(QUESTIONS),
    st.integers(100, 599),
    st.binary(max_size=60),
    st.sampled_from([(), GOOGLE]),
)
def test_nothing_that_answers_breaks_it(
    question: Question, status: int, body: bytes, headers: tuple[tuple[str, str], ...]
) -> None:
    found = read(question, reply(body, status, headers))
    assert found is None or found.address is None or str(found.address).encode() in body
