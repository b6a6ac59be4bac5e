"""SSDP answers, as devices send them and as nobody should."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Endpoint
from probes.wire import ssdp
from probes.wire.ssdp import Found, Malformed

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)

MINIUPNPD = (
    b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n"
    b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
    b"USN: uuid:00000000::urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nEXT:\r\n"
    b"SERVER: Debian/12 UPnP/1.1 MiniUPnPd/2.3.1\r\n"
    b"LOCATION: http://192.168.1.1:43211/rootDesc.xml\r\n"
    b'OPT: "http://schemas.upnp.org/upnp/1/0/"; ns=01\r\n\r\n'
)


def test_a_search_has_the_five_lines_of_the_architecture() -> None:
    assert ssdp.search(ssdp.GATEWAY_1) == (
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        b'MAN: "ssdp:discover"\r\nMX: 1\r\n'
        b"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
    )
    direct = ssdp.search(ssdp.ALL, Endpoint.of("192.168.1.1", 1900), 2)
    assert b"HOST: 192.168.1.1:1900\r\n" in direct
    assert b"MX: 2\r\n" in direct
    assert ssdp.parse_search(direct) == "ssdp:all"


def test_an_answer_is_read() -> None:
    found = ssdp.parse(MINIUPNPD)
    assert found.location == "http://192.168.1.1:43211/rootDesc.xml"
    assert found.server == "Debian/12 UPnP/1.1 MiniUPnPd/2.3.1"
    assert found.is_gateway


def test_header_names_are_not_case_sensitive_and_bare_line_feeds_are_taken() -> None:
    data = b"HTTP/1.1 200 OK\nlocation:http://192.168.1.1/d\nst: upnp:rootdevice\n\n"
    found = ssdp.parse(data)
    assert found.location == "http://192.168.1.1/d"
    assert not found.is_gateway


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "begin"),
        (b"NOTIFY * HTTP/1.1\r\nLOCATION: http://x/\r\n\r\n", "begin"),
        (b"HTTP/1.1 500 No\r\nLOCATION: http://x/\r\n\r\n", "200"),
        (b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\nLOCATION: http://x/\r\n", "location"),
        (b"HTTP/1.1 200 OK\r\nLOCATION: " + b"x" * 5000, "more than"),
    ],
)
def test_what_is_no_answer_is_said(data: bytes, what: str) -> None:
    with pytest.raises(Malformed, match=what):
        ssdp.parse(data)


def test_the_first_of_two_locations_counts() -> None:
    data = b"HTTP/1.1 200 OK\r\nLOCATION: http://one/\r\nLOCATION: http://two/\r\n\r\n"
    assert ssdp.parse(data).location == "http://one/"


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(MINIUPNPD[:90].__add__)))
def test_no_bytes_raise_anything_but_malformed(data: bytes) -> None:
    for read in (ssdp.parse, ssdp.parse_search):
        with suppress(Malformed):
            read(data)


@given(st.builds(Found, TEXT.filter(bool), TEXT, TEXT, TEXT))
def test_answers_survive_the_wire(found: Found) -> None:
    assert ssdp.parse(ssdp.build(found)) == found
