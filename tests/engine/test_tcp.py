"""TCP, TLS, HTTP and ICMP echo over the simulated network."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from tempfile import NamedTemporaryFile

import pytest

from probes.model import Endpoint
from probes.network.seam import (
    Bounced,
    IcmpError,
    NetworkError,
    NotPermitted,
    NotResolved,
    Refused,
)
from probes.network.simulated import SimulatedNetwork, load
from probes.network.simulated.certificate import Certificate
from probes.wire.x509 import issuer_of
from tests.engine.asking import first
from tests.engine.staging import HTTPS, NOBODY, NYC, V4, home, on


def test_tcp_and_tls_take_one_round_trip_each() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.tls(HTTPS, V4, "nyc1.relays.example")
        assert reply.connect_ms == pytest.approx(15, abs=2)
        assert reply.server_hello_ms == pytest.approx(15, abs=2)
        assert (reply.tls, reply.trusted, reply.error) == (True, True, "")
        assert issuer_of(reply.certificate) == "Example Trust Services"

    on(home(), play)


def test_a_satellite_modem_answers_syns_itself() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.tls(HTTPS, V4, "nyc1.relays.example")
        assert reply.connect_ms < 5
        assert reply.server_hello_ms is not None
        assert reply.server_hello_ms > 600

    on(load("slow-satellite"), play)


@pytest.mark.parametrize(
    ("node", "name", "tls", "error"),
    [
        ('tls = "valid"', "wrong.example", True, "not for wrong.example"),
        ('tls = "other"', "nyc1.relays.example", True, "not for nyc1"),
        ('tls = "untrusted"', "nyc1.relays.example", True, "does not trust"),
        ('tls = "no-tls"', "nyc1.relays.example", False, "does not speak TLS"),
        ('tls = "silent"', "nyc1.relays.example", False, "not answered in time"),
    ],
)
def test_tls_that_is_not_as_it_should_be(node: str, name: str, tls: bool, error: str) -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.tls(HTTPS, V4, name)
        assert (reply.tls, reply.trusted) == (tls, False)
        assert error in reply.error
        assert bool(reply.certificate) is tls
        unchecked = await network.tls(HTTPS, V4, name, verify=False)
        assert unchecked.tls is tls
        assert not unchecked.trusted

    on(home(f"[region.nyc.node.1a]\n{node}\n"), play)


def test_tcp_that_is_refused_or_dropped() -> None:
    async def play(network: SimulatedNetwork) -> None:
        with pytest.raises(Refused):
            await network.connect_ms(Endpoint(NYC.address, 25), V4)
        with pytest.raises(NetworkError, match="in time"):
            await network.tls(NOBODY, V4, "nobody.example", connect_timeout_s=2.0)
        assert network.now() == pytest.approx(2.0, abs=0.1)

    on(home(), play)


def test_tls_inspection_shows_another_issuer() -> None:
    async def play(network: SimulatedNetwork) -> object:
        reply = await network.tls(HTTPS, V4, "nyc1.relays.example")
        assert issuer_of(reply.certificate) == "Example Corp Security"
        return reply.trusted

    inspector = '[box.router]\ntls_inspector = "Example Corp Security"\n'
    assert on(home(inspector), play) is False
    installed = inspector + '[host.here]\ntrusts = ["Example Corp Security"]\n'
    assert on(home(installed), play) is True


def test_certificates_are_der_that_openssl_reads() -> None:
    shown = Certificate(("a.example", "*.b.example"), "Somebody Else")
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(ssl.DER_cert_to_PEM_cert(shown.der))
        file.flush()
        context = ssl.create_default_context(cafile=file.name)
    assert context.cert_store_stats()["x509"] == 1
    assert shown.covers("A.example.")
    assert shown.covers("x.b.example")
    assert not shown.covers("b.example")
    assert not shown.covers("x.y.b.example")


def test_http() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.http_get("http://nyc1.relays.example/generate_204", most=10)
        assert (reply.status, reply.body) == (204, b"")
        reply = await network.http_get("https://nyc1.relays.example/generate_204", most=10)
        assert reply.status == 204
        assert (await network.http_get(f"http://{NYC.address}/none", most=1)).status == 404
        page = await network.http_get("http://pages.example/long", most=4)
        assert (page.body, page.truncated) == (b"long", True)
        assert page.headers == (("x-test", "Yes"),)
        with pytest.raises(NotResolved):
            await network.http_get("http://nowhere.example/", most=1)
        with pytest.raises(NetworkError, match="not a web address"):
            await network.http_get("ftp://nowhere.example/", most=1)
        with pytest.raises(NetworkError, match="not trust"):
            await network.http_get("https://pages.example/long", most=1)

    on(
        home(
            '[server.pages]\nhost = "pages.example"\nipv4 = "45.83.217.1"\ntls = "untrusted"\n'
            'page."/long" = { body = "long page", headers = { X-Test = "Yes" } }\n'
        ),
        play,
    )


def test_a_captive_portal_redirects_web_pages() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.http_get("http://nyc1.relays.example/generate_204", most=10)
        assert reply.status == 302
        assert reply.headers == (("location", "http://hotel.example/"),)

    on(home('[box.router]\ncaptive_portal = "http://hotel.example/"\n'), play)


def test_ping() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await network.ping_ms(NYC.address, V4) == pytest.approx(15, abs=2)
        assert await network.ping_ms(NOBODY.address, V4) is None
        gateway = ip_address("192.168.1.1")
        assert await network.ping_ms(gateway, V4) == pytest.approx(2, abs=1)

    on(home(), play)


def test_ping_without_the_right_or_an_answer() -> None:
    async def forbidden(network: SimulatedNetwork) -> None:
        with pytest.raises(NotPermitted):
            await network.ping_ms(NYC.address, V4)

    async def silent(network: SimulatedNetwork) -> object:
        return await network.ping_ms(NYC.address, V4)

    on(home("[host.here]\nmay_ping = false\n"), forbidden)
    assert on(home("[region.nyc.node.1a]\nanswers_ping = false\n"), silent) is None


def test_the_gateway_answers_for_its_closed_ports() -> None:
    gateway = Endpoint.of("192.168.1.1", 5351)

    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(b"\0\0", gateway)
        return await first(socket)

    told = on(home(), play)
    assert isinstance(told, Bounced)
    assert told.error is IcmpError.PORT
    assert on(home("[box.router]\nsilent = true\n"), play) is None
