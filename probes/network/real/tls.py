"""TLS over a TCP stream, by memory buffers: so the ServerHello is timed apart from the rest.

A certificate that is not trusted is a finding, not the end: TLS inspection shows itself by it.
OpenSSL gives no certificate out when it refuses one, so only then a second connection, which
verifies nothing, fetches it.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

from probes.clean import clean
from probes.model import Endpoint
from probes.network.real.bridge import call
from probes.network.real.tcp import OpenThings, TcpStream
from probes.network.seam import Bind, NetworkError, TlsReply, Unreachable

_ALERT, _HANDSHAKE = 0x15, 0x16  # RFC 8446 section 5.1, content types

_made: dict[bool, ssl.SSLContext] = {}


class Contexts:
    """Client contexts. Reading the system's certificates takes a while: once, and in a thread."""

    def __init__(self) -> None:
        self._making: dict[bool, asyncio.Task[ssl.SSLContext]] = {}

    def begin(self, *, verify: bool) -> None:
        """Start making one, to be had by the time that a connection stands."""
        if verify not in _made and verify not in self._making:
            work = call(lambda: _make_context(verify=verify), name="certificates")
            self._making[verify] = asyncio.create_task(work)

    async def get(self, *, verify: bool) -> ssl.SSLContext:
        """The context that judges certificates, or the one that takes any."""
        self.begin(verify=verify)
        if verify in _made:
            return _made[verify]
        # Shielded: others may be waiting for the same one.
        made = await asyncio.shield(self._making[verify])
        return _made.setdefault(verify, made)

    def close(self) -> None:
        """Give up what is under way."""
        for task in self._making.values():
            task.cancel()
        self._making.clear()


def _make_context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if verify:
        # Python 3.13 refuses certificates here that browsers and curl take (a missing key
        # identifier, say). The question is what the system trusts.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class NotTls(NetworkError):
    """The handshake failed, or the certificate was refused."""


class Untrusted(NotTls):
    """The certificate was refused."""


class TlsStream:
    """A TLS client over a TCP stream that is connected already."""

    def __init__(self, stream: TcpStream, context: ssl.SSLContext, server_name: str) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.server_hello_ms: float | None = None
        """From the ClientHello to the first bytes of the answer, once they came."""
        try:
            self._tls = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=server_name or None
            )
        except (TypeError, ValueError, ssl.SSLError) as error:
            raise NetworkError(f"{clean(server_name)} cannot be a TLS server name") from error

    async def handshake(self) -> None:
        """Complete it. Raises Untrusted, NotTls."""
        loop = asyncio.get_running_loop()
        hello_at: float | None = None
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                done = False
            except ssl.SSLCertVerificationError as error:
                await self._flush_quietly()
                raise Untrusted(clean(error.verify_message)) from error
            except (ssl.SSLError, ValueError) as error:
                await self._flush_quietly()
                raise NotTls(_reason(error)) from error
            else:
                done = True
            try:
                if hello_at is None:
                    hello_at = loop.time()
                await self._flush()
                if done:
                    return
                data, at = await self._stream.receive()
            except NotTls:
                raise
            except NetworkError as error:
                raise NotTls(str(error)) from error
            if not data:
                raise NotTls("the connection was closed during the handshake")
            if self.server_hello_ms is None and data[0] in (_ALERT, _HANDSHAKE) and at >= hello_at:
                self.server_hello_ms = (at - hello_at) * 1000.0
            self._incoming.write(data)

    def certificate(self) -> bytes:
        """The peer's certificate in DER."""
        return self._tls.getpeercert(binary_form=True) or b""

    async def send(self, data: bytes) -> None:
        """Encrypt and send. Raises NetworkError."""
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """The next decrypted bytes; b"" at the end. Raises NetworkError."""
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                await self._flush()  # a key update wants an answer
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise NotTls(_reason(error)) from error
            data, _at = await self._stream.receive()
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._stream.send(self._outgoing.read())

    async def _flush_quietly(self) -> None:
        """Tell the server why (an alert). It matters to nobody if that fails."""
        try:
            await self._flush()
        except NetworkError:
            return


async def tls(
    to: Endpoint,
    bind: Bind,
    server_name: str,
    contexts: Contexts,
    open_things: OpenThings,
    *,
    verify: bool,
    connect_timeout_s: float,
    handshake_timeout_s: float,
) -> TlsReply:
    """TCP and a TLS handshake, then closed. Raises NetworkError when TCP itself fails or stalls."""
    contexts.begin(verify=verify)

    async def attempt(*, verify: bool) -> tuple[TlsReply, bool]:
        try:
            async with asyncio.timeout(connect_timeout_s):
                stream = await TcpStream.connect(to, bind, open_things)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {connect_timeout_s:g} s") from error
        return await _attempt(
            stream, contexts, server_name, verify=verify, timeout_s=handshake_timeout_s
        )

    reply, refused = await attempt(verify=verify)
    if not refused:
        return reply
    try:
        second, _ = await attempt(verify=False)
    except NetworkError:
        return reply  # the first connection's findings stand
    return replace(reply, tls=second.tls, certificate=second.certificate)


async def _attempt(
    stream: TcpStream, contexts: Contexts, server_name: str, *, verify: bool, timeout_s: float
) -> tuple[TlsReply, bool]:
    """One handshake, then closed; and whether it was the certificate that ended it."""
    try:
        client = TlsStream(stream, await contexts.get(verify=verify), server_name)
        async with asyncio.timeout(timeout_s):
            await client.handshake()
    except TimeoutError:
        error, refused = "no end of the TLS handshake in time", False
    except Untrusted as fault:
        error, refused = str(fault), True
    except NotTls as fault:
        error, refused = str(fault), False
    else:
        reply = TlsReply(
            stream.connect_ms, client.server_hello_ms, True, client.certificate(), verify, ""
        )
        return reply, False
    finally:
        stream.close()
    return TlsReply(stream.connect_ms, client.server_hello_ms, False, b"", False, error), refused


def _reason(error: Exception) -> str:
    """OpenSSL's reason in words: "WRONG_VERSION_NUMBER" becomes "wrong version number"."""
    reason = getattr(error, "reason", None)
    return clean(str(reason).replace("_", " ").lower() if reason else str(error))
