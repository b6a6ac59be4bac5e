"""Descriptions of routers: real shapes are read, hostile ones are refused before they cost."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import igd_description
from probes.wire.igd_description import Malformed

IP1 = "urn:schemas-upnp-org:service:WANIPConnection:1"
IP2 = "urn:schemas-upnp-org:service:WANIPConnection:2"
PPP = "urn:schemas-upnp-org:service:WANPPPConnection:1"
LOCATION = "http://192.168.1.1:49000/igddesc.xml"


def service(kind: str, control: str) -> str:
    return (
        f"<service><serviceType>{kind}</serviceType><serviceId>urn:x</serviceId>"
        f"<controlURL>{control}</controlURL></service>"
    )


def router(*services: str, more: str = "", name: str = "Home router", head: str = "") -> bytes:
    """The usual nesting, with a foreign service before those of the line."""
    return f"""<?xml version="1.0"?>{head}
<root xmlns="urn:schemas-upnp-org:device-1-0">{more}
 <device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType>
  <friendlyName>{name}</friendlyName><manufacturer>Maker</manufacturer>
  <modelName>Box</modelName><modelNumber>7</modelNumber>
  <serviceList>{service("urn:schemas-any-com:service:Any:1", "/any")}</serviceList>
  <deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
   <friendlyName>WAN device</friendlyName>
   <deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType>
    <serviceList>{"".join(services)}</serviceList>
   </device></deviceList></device></deviceList></device></root>""".encode()


def test_a_router_is_read_with_its_best_service_first() -> None:
    found = igd_description.parse(
        router(service(PPP, "/p"), service(IP1, "/i1"), service(IP2, "/i2"))
    )
    assert (found.version, found.name, found.maker, found.model) == (
        2,
        "Home router",
        "Maker",
        "Box 7",
    )
    assert [each.short for each in found.services] == [
        "WANIPConnection:2",
        "WANIPConnection:1",
        "WANPPPConnection:1",
    ]
    assert found.services[0].type == IP2


@pytest.mark.parametrize(
    ("control", "more", "url"),
    [
        ("/upnp/ctl", "", "http://192.168.1.1:49000/upnp/ctl"),
        ("ctl", "", "http://192.168.1.1:49000/ctl"),
        ("http://192.168.1.1:5431/c", "", "http://192.168.1.1:5431/c"),
        ("/c", "<URLBase>http://192.168.1.1:80/b/</URLBase>", "http://192.168.1.1:80/c"),
        ("//45.83.1.1/c", "", "http://45.83.1.1/c"),
        ("/c?x=1&amp;y=2", "", "http://192.168.1.1:49000/c?x=1&y=2"),
    ],
)
def test_control_addresses_are_made_whole(control: str, more: str, url: str) -> None:
    found = igd_description.parse(router(service(IP1, control), more=more))
    assert found.control(found.services[0], LOCATION) == url


@pytest.mark.parametrize(
    "control",
    [
        "https://192.168.1.1/c",
        "file:///etc/passwd",
        "http://u:p@192.168.1.1/c",
        "http://[::1/c",
        "http://192.168.1.1:0/c",
        "http://192.168.1.1:777777/c",
        "javascript:alert(1)",
    ],
)
def test_a_control_address_that_is_none_is_refused(control: str) -> None:
    found = igd_description.parse(router(service(IP1, control)))
    with pytest.raises(Malformed, match="control address"):
        found.control(found.services[0], LOCATION)


def test_trailing_rubbish_of_real_routers_is_forgiven() -> None:
    assert igd_description.parse(router(service(IP1, "/c")) + b"\r\n\0\0 \n").services


ENTITY = '<!DOCTYPE r [<!ENTITY a "boom">]>'
EXTERNAL = '<!DOCTYPE r SYSTEM "http://45.83.1.1/evil.dtd">'


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "not XML"),
        (b"hello", "not XML"),
        (b"<root/>", "no connection service"),
        (router(), "no connection service"),
        (router(service(IP1, "")), "no connection service"),
        (router(service("urn:schemas-upnp-org:service:Other:1", "/c")), "no connection service"),
        (router(service(IP1, "/c"), head=ENTITY), "entities"),
        (router(service(IP1, "/c"), head=EXTERNAL), "entities"),
        (b"<d>" * 50_000, "too deep"),
        (b"<r>" + b"<d/>" * 60_000 + b"</r>", "too many"),
        (b"<r>" + b" " * 300_000 + b"</r>", "too large"),
        (b'<?xml version="1.0" encoding="no-such"?><r/>', "not XML"),
        (b'<?xml version="1.0" encoding="utf-16"?><r/>', "not XML"),
    ],
)
def test_what_is_no_description_is_refused(data: bytes, what: str) -> None:
    began = time.process_time()
    with pytest.raises(Malformed, match=what):
        igd_description.parse(data[: 400 * 1024])
    assert time.process_time() - began < 1.0


def test_a_long_text_is_cut() -> None:
    found = igd_description.parse(router(service(IP1, "/c"), name="x" * 100_000))
    assert found.name == "x" * igd_description.MOST_TEXT


def test_services_beyond_the_first_few_are_dropped() -> None:
    found = igd_description.parse(router(*(service(IP1, f"/{n}") for n in range(100))))
    assert len(found.services) == igd_description.MOST_SERVICES


LEAVES = (
    *(service(IP1, "/c"), service(PPP, "/p"), service(IP1, ""), service("urn:x", "/c"), "text"),
    *("<friendlyName>Box</friendlyName>", "<URLBase/>", "<deviceType>urn:x:99</deviceType>", "&x;"),
)
TREES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
        st.sampled_from(("device", "serviceList", "service", "friendlyName")),
        st.lists(inner, max_size=12),
    ),
)


@given(st.one_of(st.binary(max_size=400), TREES.map(lambda tree: f"<r>{tree}</r>".encode())))
def test_any_bytes_are_malformed_or_describe_a_few_services(data: bytes) -> None:
    with suppress(Malformed):
        found = igd_description.parse(data)
        assert 0 < len(found.services) <= igd_description.MOST_SERVICES
        assert {each.type for each in found.services} <= {IP1, PPP}
        assert all(each.control_url for each in found.services)


@given(st.text(max_size=60), st.sampled_from((IP1, IP2, PPP)), st.integers(1, 2))
def test_what_is_built_is_read(name: str, kind: str, version: int) -> None:
    text = "".join(each for each in name if each.isprintable())
    data = igd_description.build(kind, "/a?b=c&d", version=version, name=text)
    found = igd_description.parse(data)
    assert (found.version, found.name) == (version, text.strip())
    assert found.control(found.services[0], LOCATION) == "http://192.168.1.1:49000/a?b=c&d"
