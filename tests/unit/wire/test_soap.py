"""Questions to a router's service: what is sent, and answers that cannot be trusted."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import igd_description, soap
from probes.wire.soap import Fault, Malformed

SERVICE, ACTION = igd_description.FIREWALL, "GetFirewallStatus"
# As miniupnpd 2.3.1 answers.
REAL = (
    b'<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    b's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
    b'<u:GetFirewallStatusResponse xmlns:u="urn:schemas-upnp-org:service:WANIPv6FirewallControl:1">'
    b"<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>0</InboundPinholeAllowed>"
    b"</u:GetFirewallStatusResponse></s:Body></s:Envelope>\r\n"
)


def test_a_question_is_as_the_standard_wants_it() -> None:
    headers, body = soap.question(SERVICE, ACTION)
    assert dict(headers)["SOAPAction"] == f'"{SERVICE}#{ACTION}"'
    assert f'<u:{ACTION} xmlns:u="{SERVICE}">'.encode() in body


def test_a_real_answer_is_read() -> None:
    assert soap.parse(REAL, ACTION) == {"FirewallEnabled": "1", "InboundPinholeAllowed": "0"}


@pytest.mark.parametrize(("code", "told"), [("401", 401), ("606", 606), ("nonsense", 501)])
def test_a_fault_is_told_by_its_number(code: str, told: int) -> None:
    data = soap.fault(1).replace(b"<errorCode>1<", f"<errorCode>{code}<".encode())
    with pytest.raises(Fault) as raised:
        soap.parse(data, ACTION)
    assert raised.value.code == told


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>no</html>",
        soap.answer(SERVICE, "OtherAction", {"FirewallEnabled": "1"}),
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + REAL.split(b"\r\n", 1)[1],
        b"<a>" * 1000,
    ],
)
def test_what_answers_no_such_question_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        soap.parse(data, ACTION)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][a-z]{0,8}", fullmatch=True),
        st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20),
        max_size=5,
    )
)
def test_what_a_router_answers_is_read_back(values: dict[str, str]) -> None:
    assert soap.parse(soap.answer(SERVICE, ACTION, values), ACTION) == values


@given(st.binary(max_size=200))
def test_anything_is_an_answer_a_fault_or_malformed(data: bytes) -> None:
    with suppress(Fault, Malformed):
        soap.parse(data, ACTION)
