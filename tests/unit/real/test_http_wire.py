"""Reading HTTP responses from bytes: framing, limits, nonsense (RFC 9112)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.network.real.http_wire import MOST_HEADER, BadResponse, Response
from probes.network.seam import HttpReply

OK = b"HTTP/1.1 200 OK\r\n"


def read(data: bytes, most: int = 100, step: int = 0) -> HttpReply:
    response = Response(most)
    for start in range(0, len(data), step or len(data) or 1):
        if response.done:
            break
        response.feed(data[start : start + (step or len(data))])
    response.end()
    return response.reply()


@pytest.mark.parametrize("step", [0, 1, 2, 7])
@pytest.mark.parametrize(
    ("data", "status", "body", "truncated"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", 200, b"hello", False),
        (OK + b"Content-Length: 5\r\n\r\nhello and more", 200, b"hello", False),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b"", False),
        (OK + b"Content-Length: 50\r\n\r\ncut", 200, b"cut", True),
        (OK + b"\r\nuntil it closes", 200, b"until it closes", False),
        (b"HTTP/1.0 200\r\n\r\nold", 200, b"old", False),
        (b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, b"", False),
        (b"HTTP/1.1 302 Found\r\nLocation: /l\r\nContent-Length: 1\r\n\r\nx", 302, b"x", False),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
            200,
            b"hello world",
            False,
        ),
        (
            OK + b"Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
            200,
            b"0123456789",
            False,
        ),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 200, b"hel", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 200, b"hello", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", 200, b"x", False),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok", False),
    ],
)
def test_framing(data: bytes, status: int, body: bytes, truncated: bool, step: int) -> None:
    reply = read(data, step=step)
    assert (reply.status, reply.body, reply.truncated) == (status, body, truncated)


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 11\r\n\r\nhello world",
        OK + b"\r\nhello world",
        OK + b"Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    ],
    ids=["length", "until close", "one chunk", "chunks"],
)
def test_no_more_than_wanted(data: bytes, step: int) -> None:
    for most in range(11):
        reply = read(data, most, step)
        assert (reply.body, reply.truncated) == (b"hello world"[:most], True)
    assert not read(data, 11, step).truncated


def test_it_is_done_as_soon_as_it_has_enough() -> None:
    response = Response(4)
    response.feed(OK + b"Content-Length: 1000000000000\r\n\r\nbody")
    assert response.done


def test_header_names_are_lower_case_and_values_clean() -> None:
    reply = read(OK + b"X-Name:  v\x1b[31m  \r\nSERVER:x\r\nContent-Length: 0\r\n\r\n")
    assert reply.headers[:2] == (("x-name", r"v\x1b[31m"), ("server", "x"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"bad name: x\r\n\r\n",
        OK + b": x\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 1e3\r\n\r\n",
        OK + "Content-Length: ²\r\n\r\n".encode(),
        OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 5000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 10000,
        OK + b"A: b\r\n" * 10000,
        OK + b"A" * (MOST_HEADER + 1),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10,
    ],
)
@pytest.mark.parametrize("step", [0, 1000])
def test_what_is_no_response(data: bytes, step: int) -> None:
    with pytest.raises(BadResponse):
        read(data, step=step)


def test_what_never_becomes_http_is_refused_early() -> None:
    response = Response(10)
    with pytest.raises(BadResponse, match="not HTTP"):
        response.feed(b"\x16\x03\x01")


@given(st.binary(max_size=200), st.integers(0, 20), st.integers(1, 50))
def test_nothing_but_bad_response_is_ever_raised(data: bytes, most: int, step: int) -> None:
    for prefix in (b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n"):
        try:
            reply = read(prefix + data, most, step)
        except BadResponse:
            continue
        assert len(reply.body) <= most


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.integers(1, 40))
def test_chunks_come_out_as_they_went_in(parts: list[bytes], step: int) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    reply = read(OK + b"Transfer-Encoding: chunked\r\n\r\n" + body, 1000, step)
    assert (reply.body, reply.truncated) == (b"".join(parts), False)
