"""Which box is which: a cloud's one-to-one address, DS-Lite, IPv6 alone; the installed program."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.lab.behavior import ask, two_coturns
from tests.lab.customer import LINE_A
from tests.lab.expected import schema_faults, value
from tests.lab.internet import expect_ready, python_env, serve_names
from tests.lab.namespaces import Running
from tests.lab.place import Place
from tests.lab.program import Outcome
from tests.lab.servers.metadata import HOST
from tests.patience import UNHURRIED_S

At = Callable[..., Place]
WITH = ("--with", "cloud-metadata")


def serve_metadata(place: Place, provider: str, address: str = LINE_A.wan) -> Running:
    """A metadata service on the box that translates one to one."""
    router = place.site.router
    assert router is not None
    router.ip(f"address add {HOST}/32 dev lan0")
    argv = (sys.executable, "-m", "tests.lab.servers.metadata", provider, address)
    running = router.start(argv, env=python_env())
    expect_ready(running)
    return running


def causes(outcome: Outcome) -> set[str]:
    assert schema_faults(outcome.json) == []
    return {cause["id"] for cause in outcome.json["causes"]}


NAMES = {"amazon": "Amazon EC2", "google": "Google Cloud", "azure": "Microsoft Azure"}


@pytest.mark.parametrize("provider", NAMES)
def test_a_clouds_own_word_makes_its_address_this_machines(at: At, provider: str) -> None:
    place = at("one-to-one")
    serve_metadata(place, provider)
    outcome = place.check(*WITH)
    assert value(outcome, "environment.metadata") == {
        "provider": NAMES[provider],
        "address": LINE_A.wan,
    }
    nat = outcome.json["nat"]
    assert nat["class"] == "none"
    assert (nat["layers"][-1]["address"], nat["layers"][-1]["kind"]) == (LINE_A.wan, "cloud")
    plain = place.program.run(
        *("check", "--plain", "--no-save", "--derp-map", str(place.map_file), *WITH)
    )
    said = " ".join(plain.stdout.split())
    assert f"{LINE_A.wan} leads to this machine alone, says the cloud itself" in said


def test_without_a_yes_the_cloud_is_not_asked(at: At) -> None:
    place = at("one-to-one")
    service = serve_metadata(place, "amazon")
    outcome = place.check()
    assert outcome.json["readings"]["environment.metadata"]["state"] == "unknown"
    assert service.log.read_text() == ""


def test_a_cloud_that_lets_only_answers_in_is_named(at: At) -> None:
    place = at("easy-home")
    serve_metadata(place, "google")
    outcome = ask(place, *two_coturns(place.internet), more=WITH)
    assert outcome.json["nat"]["class"] == "none"
    assert "inbound-blocked" in causes(outcome)


def test_where_nobody_answers_it_ends_soon(at: At) -> None:
    outcome = at("easy-home").check("--only", "local,environment", *WITH)
    reading = outcome.json["readings"]["environment.metadata"]
    assert reading["reason"].startswith("no-answer")
    assert outcome.seconds < UNHURRIED_S


def test_ds_lite_is_the_providers_nat_at_the_second_hop(at: At) -> None:
    place = at("ds-lite")
    outcome = place.check()
    found = [(each["hop"], each["address"], each["kind"]) for each in outcome.json["nat"]["layers"]]
    assert found == [
        (0, f"{LINE_A.lan}.2", "host"),
        (1, f"{LINE_A.lan}.1", "router"),
        (2, "192.0.0.1", "carrier"),
        (3, LINE_A.wan, "public"),
    ]
    assert "cgnat" in causes(outcome)
    assert outcome.json["nat6"]["class"] == "none"
    assert outcome.json["netcheck"]["GlobalV6"].startswith(f"[{LINE_A.lan6}20]:")


def test_ipv6_alone_shows_its_translator(at: At) -> None:
    place = at("ipv6-only")
    serve_names(place.site.device, {"ipv4only.arpa": "64:ff9b::192.0.0.170"})
    outcome = place.check()
    assert value(outcome, "layers.nat64_prefix") == "64:ff9b::/96"
    assert outcome.json["nat6"]["class"] == "none"
    assert outcome.json["nat"]["class"] == "unknown"


def test_ipv6_alone_without_a_translator_claims_none(at: At) -> None:
    place = at("ipv6-only")
    serve_names(place.site.device, {"relay.lab.example": "45.83.220.1"})
    reading = place.check().json["readings"]["layers.nat64_prefix"]
    assert reading["state"] == "unknown"
    assert reading["reason"].startswith("no-answer")
