"""Reading one HTTP/1.1 response from bytes, with limits everywhere (RFC 9112). No I/O."""

from __future__ import annotations

import re
from enum import Enum, auto

from probes.clean import clean
from probes.network.seam import HttpReply, NetworkError

MOST_HEADER = 32 * 1024
"""No honest answer has a head this large; what never ends must end here."""
_MOST_CHUNK_LINE = 1024
_MOST_INTERIM = 8
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: .*)?", re.DOTALL)
_FIELD_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class BadResponse(NetworkError):
    """What came back is not an HTTP response."""


class _Part(Enum):
    HEAD = auto()
    LENGTH = auto()
    UNTIL_CLOSE = auto()
    CHUNK_SIZE = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    DONE = auto()


class Response:
    """Fed with bytes until it is whole. `most` bytes of body are kept, then it is done."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._part = _Part.HEAD
        self._buffer = bytearray()
        self._body = bytearray()
        self._left = 0
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._truncated = False
        self._interim = 0
        self._trailer_bytes = 0

    @property
    def done(self) -> bool:
        """Nothing more is needed."""
        return self._part is _Part.DONE

    def feed(self, data: bytes) -> None:
        """More bytes. Raises BadResponse."""
        self._buffer += data
        while self._part is not _Part.DONE and self._step():
            pass

    def end(self) -> None:
        """The connection was closed. Raises BadResponse where that leaves no answer at all."""
        match self._part:
            case _Part.DONE:
                return
            case _Part.HEAD:
                raise BadResponse("the connection was closed before an answer")
            case _Part.UNTIL_CLOSE:
                self._part = _Part.DONE
            case _:
                self._cut()

    def reply(self) -> HttpReply:
        """The response, once done."""
        return HttpReply(self._status, self._headers, bytes(self._body), self._truncated)

    def _step(self) -> bool:
        """Do what the buffer allows. False: more bytes are needed."""
        match self._part:
            case _Part.HEAD:
                return self._head()
            case _Part.LENGTH | _Part.CHUNK | _Part.UNTIL_CLOSE:
                return self._data()
            case _Part.CHUNK_SIZE:
                return self._chunk_size()
            case _Part.CHUNK_END:
                return self._chunk_end()
            case _Part.TRAILER:
                return self._trailer()
            case _Part.DONE:
                return False

    def _head(self) -> bool:
        match = re.search(rb"\r?\n\r?\n", self._buffer)
        if match is None or match.end() > MOST_HEADER:
            if len(self._buffer) > MOST_HEADER:
                raise BadResponse(f"the answer's head is longer than {MOST_HEADER} bytes")
            if not b"HTTP/1."[: len(self._buffer)] == self._buffer[:7]:
                raise BadResponse("the answer is not HTTP")
            return False
        head = bytes(self._buffer[: match.start()])
        del self._buffer[: match.end()]
        self._status, self._headers = _parse_head(head)
        if 100 <= self._status < 200 and self._status != 101:
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                raise BadResponse("the server only sends interim answers")
            return True
        self._frame()
        return True

    def _frame(self) -> None:
        """How the body is delimited (RFC 9112 section 6.3)."""
        codings = [value.lower() for name, value in self._headers if name == "transfer-encoding"]
        lengths = {value for name, value in self._headers if name == "content-length"}
        if self._status in (101, 204, 304):
            self._part = _Part.DONE
        elif codings:
            if codings != ["chunked"]:
                raise BadResponse(f"unknown transfer coding {', '.join(codings)}")
            self._part = _Part.CHUNK_SIZE
        elif lengths:
            if len(lengths) > 1:
                raise BadResponse("the answer gives two lengths")
            (length,) = lengths
            if not length.isascii() or not length.isdigit() or len(length) > 15:
                raise BadResponse(f"{length} is not a length")
            self._left = int(length)
            self._part = _Part.LENGTH if self._left else _Part.DONE
        else:
            self._part = _Part.UNTIL_CLOSE

    def _data(self) -> bool:
        if not self._buffer:
            return False
        take = len(self._buffer)
        if self._part is not _Part.UNTIL_CLOSE:
            take = min(take, self._left)
            self._left -= take
        room = self._most - len(self._body)
        self._body += self._buffer[: min(take, room)]
        del self._buffer[:take]
        if take > room or (self._left and len(self._body) == self._most):
            self._cut()
        elif self._part is not _Part.UNTIL_CLOSE and not self._left:
            self._part = _Part.DONE if self._part is _Part.LENGTH else _Part.CHUNK_END
        return True

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise BadResponse("a chunk has no size")
        self._left = int(match[1], 16)
        if not self._left:
            self._part = _Part.TRAILER
        elif len(self._body) == self._most:
            self._cut()
        else:
            self._part = _Part.CHUNK
        return True

    def _chunk_end(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if line:
            raise BadResponse("a chunk is longer than it says")
        self._part = _Part.CHUNK_SIZE
        return True

    def _trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        self._trailer_bytes += len(line)
        if self._trailer_bytes > MOST_HEADER:
            raise BadResponse("the answer's trailer does not end")
        if not line:
            self._part = _Part.DONE
        return True

    def _line(self) -> bytes | None:
        """The next line of the chunked framing, without its end; None: not there yet."""
        end = self._buffer.find(b"\n")
        if end < 0 or end > _MOST_CHUNK_LINE:
            if len(self._buffer) > _MOST_CHUNK_LINE:
                raise BadResponse("a chunk's first line does not end")
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _cut(self) -> None:
        self._truncated = True
        self._part = _Part.DONE


def _parse_head(head: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    first, *lines = re.split(rb"\r?\n", head)
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise BadResponse("the answer is not HTTP")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _FIELD_NAME.fullmatch(name):
            raise BadResponse("the answer has a header line that is none")
        headers.append((name.decode("ascii").lower(), clean(value.strip(b" \t"), longest=4096)))
    return int(match[1]), tuple(headers)
