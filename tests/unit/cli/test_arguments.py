"""What can be typed, and what is said when it is wrong."""

from __future__ import annotations

import argparse

import pytest

from probes.checks.registry import CHECKS
from probes.model import CheckId
from probes.options import HostPort
from tui.arguments import host_port, parse
from tui.exits import Complaint
from tui.request import settings_of
from tui.settings import Settings
from tui.sources import Replay


def typed(line: str) -> argparse.Namespace:
    return parse(line.split())


def settings(line: str) -> Settings:
    return settings_of(typed(line + " --no-save"))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("stun.example", "stun.example", 3478),
        ("stun.example:19302", "stun.example", 19302),
        ("192.0.2.1", "192.0.2.1", 3478),
        ("192.0.2.1:1", "192.0.2.1", 1),
        ("2001:db8::1", "2001:db8::1", 3478),
        ("[2001:db8::1]", "2001:db8::1", 3478),
        ("[2001:db8::1]:65535", "2001:db8::1", 65535),
        ("fe80::1%eth0", "fe80::1%eth0", 3478),
    ],
)
def test_a_server_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert host_port(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", ":1", "a:", "a:0", "a:65536", "a:x", "a:１", "a b", "a\n", "a/b", "me@a"),
        *("[", "[::1", "[::1]1", "[::1]:", "[]", "[]:1", "x:y:z", "a" * 254, "\x1b[2J"),
    ],
)
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - argparse turns any into a sentence
        host_port(text)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("chekc", "There is no command 'chekc'; there are check, explain, pair, meet and schema."),
        ("check --jsno", "There is no option --jsno; did you mean --json?"),
        ("check --zzz", "There is no option --zzz."),
        ("--simulat x", "There is no option --simulat; did you mean --simulate?"),
        ("--json", "--json belongs to check: whyrelay check --json."),
        ("check more", "'more' is one word too many."),
        ("schema a b", "'b' is one word too many."),
        ("check --port", "--port: expected one argument."),
        ("check --port 0", "--port: '0' is not a port (1 to 65535)."),
        ("check --port 65536", "--port: '65536' is not a port (1 to 65535)."),
        ("check --gateway here", "--gateway: 'here' is not an IP address."),
        ("check --stun :1", "--stun: ':1' is not a host, or a host and a port."),
        ("check --only ,", "--only: ',' is not a list of checks."),
        *(
            (
                f"check --timeout {wrong}",
                f"--timeout: '{wrong}' is not a number of seconds (more than 0, at most 3600).",
            )
            for wrong in ("0", "nan", "inf", "soon", "3601")
        ),
        ("check --json --plain", "--plain: not allowed with argument --json."),
    ],
)
def test_wrong_usage_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(Complaint) as found:
        typed(line)
    said = str(found.value)
    assert said.startswith(f"{sentence} See whyrelay")
    assert "usage" not in said
    assert "\n" not in said


def test_options_stand_before_or_after_the_command() -> None:
    found = typed("--stun a --port 5 --no-save check --stun b --only local")
    assert found.stun == (("a", 3478), ("b", 3478))
    servers = typed("--behavior-server a check --behavior-server b:9").behavior_server
    assert servers == (("a", 3478), ("b", 9))
    assert (found.port, found.no_save, found.only) == (5, True, ("local",))
    assert not found.json
    assert not found.redact


def test_options_become_what_a_run_is_asked() -> None:
    found = settings(
        "check --stun s.example:5 --behavior-server b.example"
        " --with lifetime,hairpin --gateway 192.0.2.1 --port 9 --only stun,local --timeout 2.5"
        " --ascii --reduced-motion --redact --derp-map https://maps.example/x"
    )
    options = found.options
    assert options.stun == (HostPort("s.example", 5),)
    assert options.behavior_servers == (HostPort("b.example", 3478),)
    assert options.opt_in == {CheckId.LIFETIME, CheckId.HAIRPIN}
    assert not options.map_test
    assert str(options.gateway) == "192.0.2.1"
    assert options.port == 9
    assert options.only == {CheckId.LOCAL, CheckId.STUN}
    assert options.timeout_s == 2.5
    assert options.derp_map == "https://maps.example/x"
    assert options.derp_map_text == ""
    assert (found.ascii, found.reduced_motion, found.privacy) == (True, True, True)
    assert (found.save, found.source, found.record) == (False, None, None)


def test_check_is_quiet_about_what_was_not_asked() -> None:
    found = settings("check")
    assert found.options.only == found.options.skip == frozenset()
    assert found.options.port is None
    assert not found.options.map_test
    assert not any((found.ascii, found.reduced_motion, found.privacy))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--only x", f"--only: 'x' is no check. The checks are {', '.join(CHECKS)}."),
        ("--skip local,x", f"--skip: 'x' is no check. The checks are {', '.join(CHECKS)}."),
        (f"--skip {','.join(CHECKS)}", "--only and --skip leave no check to make."),
        (
            "--with local",
            "--with: local is made anyway. It is for lifetime, hairpin and cloud-metadata.",
        ),
        (
            "--with x",
            "--with: 'x' is no check. It is for lifetime, hairpin and cloud-metadata.",
        ),
        (
            "--simulate nope",
            "There is no practice network 'nope'. --simulate list names them all.",
        ),
        ("--only stun --skip stun", "--only and --skip leave no check to make."),
        ("--simulate a --replay b", "--simulate and --replay exclude each other."),
        ("--record x --no-save", "--record and --no-save exclude each other."),
        (
            "--map-test --no-save",
            "--map-test keeps a record until the port is closed; --no-save forbids it.",
        ),
        ("--replay x --stun y", "--stun has no meaning for a recorded run."),
        ("--replay x --only local", "--only has no meaning for a recorded run."),
        ("--derp-map /no/such", "There is no file '/no/such'."),
        ("--replay /no/such", "There is no file '/no/such'."),
        ("--derp-map /", "'/' is a directory, not a relay map."),
    ],
)
def test_what_does_not_fit_together_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(Complaint) as found:
        settings_of(typed(f"check {line}"))
    assert str(found.value) == sentence


def test_a_practice_router_is_tried_without_a_record() -> None:
    found = settings_of(typed("check --simulate hard-home-upnp --map-test --no-save"))
    assert found.options.map_test
    assert not found.save


def test_a_replay_is_a_source(recorded: str) -> None:
    source = settings(f"check --replay {recorded}").source
    assert isinstance(source, Replay)
    assert source.timed
    assert len(source.events) == 2
