"""The words for what can be done: complete, sourced, short, with commands that hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.diagnosis.model import CauseId
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.ways import WAYS
from probes.model import CheckId
from tests.unit.content.texts import ALL
from tui import content
from tui.arguments import parse as parse_arguments
from tui.content import FieldId, QuestionId, playbooks
from tui.content.markdown import parse
from tui.content.playbooks import CommandWords, PlaybookWords, Shell
from tui.fixing.circumstances import Brand, System
from tui.fixing.values import _READ as FILLED

HERE = Path(content.__file__).parent
VARIANTS = [(remedy, "") for remedy in RemedyId] + [
    (remedy, variant) for remedy, listed in playbooks.matrix().items() for variant in listed
]
IDS = [f"{remedy}-{variant}" if variant else str(remedy) for remedy, variant in VARIANTS]
every_playbook = pytest.mark.parametrize(("remedy", "variant"), VARIANTS, ids=IDS)

HOST = {each.value for each in System}
MAKES = {each.value for each in Brand} - {Brand.GENERIC.value}


def words(remedy: RemedyId, variant: str) -> PlaybookWords:
    return playbooks.playbook_words(remedy, variant)


# --- the matrix, both ways ------------------------------------------------------------------------


def test_every_listed_cell_has_a_file_and_every_file_is_listed() -> None:
    listed = {f"{remedy}/{variant}" for remedy, variant in VARIANTS if variant}
    found = {f"{path.parent.name}/{path.stem}" for path in (HERE / "remedies").glob("*/*.md")}
    assert found == listed
    assert {path.stem for path in (HERE / "remedies").glob("*.md")} == {
        str(each) for each in RemedyId
    }


def test_variants_are_systems_or_makes_that_the_program_knows() -> None:
    for remedy, variant in VARIANTS:
        assert not variant or variant in HOST | MAKES, f"{remedy}/{variant}"


def test_a_change_is_made_on_the_device_or_elsewhere_but_not_both() -> None:
    for remedy, listed in playbooks.matrix().items():
        assert not (set(listed) & HOST and set(listed) & MAKES), remedy


_ON_THE_HOST = ("allow-inbound", "allow-outbound", "free-port", "own-port", "remove-setting")
_AT_THE_ROUTER = ("port-mapping", "forward-port", "keep-one-port", "bridge-second-router")


def test_where_steps_differ_the_matrix_has_the_cells() -> None:
    systems = {System.MACOS, System.WINDOWS, System.CONTAINER, System.LINUX}
    for name in _ON_THE_HOST:
        assert systems <= set(playbooks.matrix()[RemedyId(name)]), name
    keepers = {System.LINUX_UFW, System.LINUX_FIREWALLD, System.LINUX_NFTABLES}
    assert keepers <= set(playbooks.matrix()[RemedyId.ALLOW_INBOUND])
    covered = {each for name in _AT_THE_ROUTER for each in playbooks.matrix()[RemedyId(name)]}
    clouds = {*playbooks.matrix()[RemedyId.OPEN_FIREWALL]}
    assert covered | clouds == MAKES, "a make that has no steps of its own is no choice"


KEPT = {
    RemedyId.FORWARD_PORT: ("own-firewall", "no-random"),
    RemedyId.CLOUD_ADDRESS: ("own-firewall",),
    RemedyId.OPEN_FIREWALL: ("own-firewall",),
    RemedyId.BRIDGE: ("then-ports",),
}
"""Steps without which the rest is of no use, whoever made the router or the cloud."""


@pytest.mark.parametrize("remedy", KEPT)
def test_steps_for_one_make_leave_none_out_that_every_make_needs(remedy: RemedyId) -> None:
    for variant in ("", *playbooks.matrix()[remedy]):
        if (remedy, variant) == (RemedyId.FORWARD_PORT, Brand.STARLINK):
            continue  # it forwards nothing
        told = {step.id for step in words(remedy, variant).steps}
        assert told >= set(KEPT[remedy]), variant


# --- sources --------------------------------------------------------------------------------------


def test_every_source_is_used_and_every_use_is_a_source() -> None:
    used = {source for remedy, variant in VARIANTS for source in words(remedy, variant).sources}
    assert used == set(playbooks.sources())


def test_every_cell_of_the_matrix_has_a_source_of_its_own() -> None:
    bare = [
        f"{remedy}/{variant}"
        for remedy, listed in playbooks.matrix().items()
        for variant, ids in listed.items()
        if not ids
    ]
    assert bare == []


def test_sources_have_a_name_and_a_safe_address() -> None:
    for source in playbooks.sources().values():
        assert 3 < len(source.name) <= 80
        assert not source.address or re.fullmatch(
            r"https://[a-z0-9.-]+(/[\w./#=-]*)?", source.address
        )


def test_no_address_stands_in_a_text_but_those_that_a_person_opens() -> None:
    allowed = {"http://example.com", "http://fritz.box"}
    for path in (HERE / "remedies").rglob("*.md"):
        assert set(re.findall(r"https?://[\w.]+", path.read_text("utf-8"))) <= allowed, path


# --- words ----------------------------------------------------------------------------------------


@every_playbook
def test_it_says_everything_that_a_person_wants_to_know(remedy: RemedyId, variant: str) -> None:
    found = words(remedy, variant)
    texts = (found.for_you, found.why, found.who, found.risk, found.shows, found.undo)
    assert all(text.endswith((".", "`.")) for text in texts)
    assert found.wait_s in (0, 90, 300)
    assert 1 <= len(found.steps) <= 6
    assert len({step.id for step in found.steps}) == len(found.steps)
    assert all(re.fullmatch(r"[a-z0-9-]{2,20}", step.id) for step in found.steps)


@pytest.mark.parametrize("remedy", RemedyId)
def test_a_change_has_one_name_in_lists_headings_and_files(remedy: RemedyId) -> None:
    name = content.label(remedy)
    assert len(name) <= 56
    file = f"remedies/{remedy}.md"
    assert parse((HERE / file).read_text("utf-8"), file).title == name[:1].upper() + name[1:]


@every_playbook
def test_it_can_be_read_in_two_minutes(remedy: RemedyId, variant: str) -> None:
    found = words(remedy, variant)
    about = " ".join((found.for_you, found.why, found.who, found.risk, found.shows, found.undo))
    steps = " ".join(step.text for step in found.steps)
    assert len(about.split()) <= 190
    assert len(steps.split()) <= 190
    assert all(len(content.plain(step.text)) <= 420 for step in found.steps)
    for text in (found.for_you, found.risk, found.shows, found.undo):
        assert len(content.plain(text)) <= 300


REMARKS = {"meanwhile", "why-not-upnp", "note", "none", "nest-bridge"}
"""What was once told as a step, and is nothing to do: nobody could tick it."""


def test_a_remark_is_no_step() -> None:
    steps = [step for each in VARIANTS for step in words(*each).steps]
    assert not REMARKS & {step.id for step in steps}
    idle = re.compile(r"has to let|in front\.$|does not depend|rules for IPv6 are separate\.$")
    first = [content.plain(step.text).partition(". ")[0] for step in steps]
    assert not [text for text in first if idle.search(text)]


# --- where it shows -------------------------------------------------------------------------------

LINES = {
    *(content.check(each).title for each in CheckId),
    *(content.question(each).title for each in QuestionId),
    *(content.netcheck_field(each).title for each in FieldId),
}
"""What the lists of Measure and Understand call their lines."""
SAID = {"lets anybody in", "yes", "no, but OS has support"}
"""What such a line says."""
_SHOWN = re.compile(r'"([^"]+)"')


def test_how_it_shows_names_lines_by_what_they_are_called_on_screen() -> None:
    told = [words(*each).shows for each in VARIANTS]
    told += [content.cause(each).worked for each in CauseId]
    named = {name for text in told for name in _SHOWN.findall(text)}
    assert named - SAID <= LINES
    assert len(named & LINES) >= 10
    loose = re.compile(
        r"[Tt]he (?:way out shows|layers|firewall line|Tailscale line|line on)|Filtering"
    )
    assert not [text for text in told if loose.search(text)]


def test_every_placeholder_is_a_value_with_words_for_where_it_is_not_known() -> None:
    texts = [path.read_text("utf-8") for path in (HERE / "remedies").rglob("*.md")]
    used = {name for text in texts for name in re.findall(r"\{([a-z_]+)\}", text)}
    listed = set(parse((HERE / "fixing/values.md").read_text("utf-8"), "values").sections)
    assert used == listed
    assert used <= {*FILLED, "at_gateway"}
    for name in used:
        found = playbooks.value_words(name)
        assert found.phrase
        assert bool(found.gap) == bool(found.find), name


def test_a_value_that_a_command_wants_can_be_found_out() -> None:
    wanted = {
        name for each in commands() for name in re.findall(r"\{([a-z_]+)\}", each.text + each.back)
    }
    for name in wanted:
        found = playbooks.value_words(name)
        assert found.find, name
        assert re.fullmatch(r"[A-Z]+", found.gap), name
        assert name == "wanted_port" or found.commands, name


# --- one story ------------------------------------------------------------------------------------

R = RemedyId
FIRST: dict[CauseId, tuple[RemedyId, str]] = {
    CauseId.NO_NETWORK: (R.RESTORE_NETWORK, "web page"),
    CauseId.CAPTIVE_PORTAL: (R.SIGN_IN, r"http://example\.com"),
    CauseId.UDP_BLOCKED: (R.OTHER_NETWORK, "hotspot"),
    CauseId.STUN_BLOCKED: (R.UNBLOCK_STUN, "3478"),
    CauseId.FORCED_RELAY: (R.REMOVE_SETTING, "restart Tailscale"),
    CauseId.RELAY_MAP_WITHOUT_STUN: (R.MEND_RELAY_MAP, "3478"),
    CauseId.HOST_FIREWALL: (R.ALLOW_INBOUND, r"port \{"),
    CauseId.MULTI_WAN: (R.ONE_LINE, "line"),
    CauseId.HARD_NAT: (R.PORT_MAPPING, "UPnP"),
    CauseId.DOUBLE_NAT: (R.BRIDGE, "bridge mode"),
    CauseId.CGNAT: (R.ENABLE_IPV6, "IPv6"),
    CauseId.CLOUD_NAT: (R.CLOUD_ADDRESS, "public address"),
    CauseId.MOBILE_NETWORK: (R.ENABLE_IPV6, "IPv6"),
    CauseId.CONTAINER: (R.HOST_NETWORK, "--network=host"),
    CauseId.VIRTUAL_MACHINE: (R.BRIDGE_MACHINE, "bridged"),
    CauseId.KUBERNETES: (R.NODE_PORT, "node"),
    CauseId.OTHER_VPN: (R.PAUSE_VPN, "other VPN"),
    CauseId.INBOUND_BLOCKED: (R.OPEN_FIREWALL, "port"),
    CauseId.NAT_STATE_COLLISION: (R.DROP_STRANGERS, "drop"),
    CauseId.SHORT_MAPPING_LIFETIME: (R.LONGER_UDP_TIME, "time"),
    CauseId.PORT_MAPPING_OFF: (R.PORT_MAPPING, "UPnP"),
    CauseId.PORT_MAPPING_BROKEN: (R.REPAIR_MAPPING, "1024"),
    CauseId.IPV6_OFF: (R.ENABLE_IPV6_HERE, "IPv6"),
    CauseId.IPV6_MISSING: (R.ENABLE_IPV6, "IPv6"),
    CauseId.IPV6_FILTERED: (R.UNBLOCK_IPV6, "UDP out"),
    CauseId.PORT_CONFLICT: (R.FREE_PORT, "[Rr]estart"),
    CauseId.EXIT_NODE: (R.LEAVE_EXIT_NODE, "--exit-node="),
    CauseId.NOT_CONNECTED: (R.CONNECT_TAILSCALE, "address"),
    CauseId.CLIENT_BUG: (R.UPDATE_CLIENT, "Update"),
    CauseId.SAME_NETWORK: (R.SAME_WIFI, "guest"),
    CauseId.PEER_SIDE: (R.RUN_THERE, "whyrelay"),
    CauseId.BOTH_HARD: (R.PORT_MAPPING, "UPnP"),
    CauseId.MTU: (R.PACKET_SIZE, "other VPN|another VPN"),
    CauseId.SETTLING: (R.WAIT, "[Ss]end something"),
}
"""The way whose steps the first advice of a cause is the short form of, and what both name."""


@pytest.mark.parametrize("cause", FIRST)
def test_the_first_advice_of_a_cause_is_one_of_its_ways_in_short(cause: CauseId) -> None:
    remedy, names = FIRST[cause]
    assert remedy in WAYS[cause]
    found = words(remedy, "")
    parts = [content.label(remedy), *(step.text for step in found.steps)]
    parts += [step.command.text for step in found.steps if step.command is not None]
    assert re.search(names, content.plain(content.cause(cause).first))
    assert re.search(names, content.plain(" ".join(parts)))


def test_no_cause_is_without_a_first_advice() -> None:
    assert set(CauseId) == set(FIRST)


def test_of_two_routers_in_a_row_the_one_in_front_has_one_name() -> None:
    others = re.compile(r"(?:second|first) router|outer box|to the second\b")
    # Of the two in one house that are no row it is said where both sides are.
    found = [where for where, text in ALL if others.search(" ".join(text.split()))]
    assert found == ["causes/same-network.md: for you"]


# --- commands -------------------------------------------------------------------------------------


def commands() -> Iterator[CommandWords]:
    for remedy, variant in VARIANTS:
        for step in words(remedy, variant).steps:
            if step.command is not None:
                yield step.command


SAMPLE = {
    "port": "41641",
    "wanted_port": "41641",
    "nft_chain": "inet filter input",
    "nft_chain_out": "inet filter output",
    "zone": "public",
    "setting_name": "TS_DEBUG_NEVER_DIRECT_UDP",
    "setting_file": "/etc/default/tailscaled",
    "exit_node": "home-nas",
    "interface": "wlan0",
    "peer": "home-nas",
}


def _filled() -> Iterator[tuple[CommandWords, str]]:
    for each in commands():
        for text in (each.text, each.back):
            if text:
                yield each, content.fill(text, **SAMPLE)


def _shown() -> Iterator[tuple[str, str]]:
    for name in parse((HERE / "fixing/values.md").read_text("utf-8"), "values").sections:
        yield from playbooks.value_words(name).commands.items()


SHELL = sorted(
    {text for each, text in _filled() if each.shell is not Shell.POWERSHELL}
    | {text for system, text in _shown() if system != "windows"}
)
POWER = sorted(
    {text for each, text in _filled() if each.shell is Shell.POWERSHELL}
    | {text for system, text in _shown() if system == "windows"}
)


def test_there_are_commands_to_check() -> None:
    assert len(SHELL) >= 30
    assert len(POWER) >= 12


def test_what_may_cut_the_connection_can_be_taken_back() -> None:
    for each in commands():
        assert bool(each.back) == each.cuts, each.text


_CUTTING = re.compile(
    r"systemctl restart|Restart-Service|(?:ufw|firewall-cmd|iptables|nft|NetFirewall\w*Rule) .*"
    r"(?:allow|add-|insert|-I |Allow|LocalPorts)|--exit-node=|--accept-routes|setblockall|sysctl -w"
)


def test_commands_that_may_cut_the_connection_are_marked() -> None:
    for each in commands():
        if _CUTTING.search(each.text) and "--exit-node-allow" not in each.text:
            assert each.cuts, each.text


def test_an_administrator_s_command_says_so() -> None:
    for each in commands():
        if each.shell is Shell.SH:
            assert each.as_root == each.text.startswith("sudo "), each.text
            assert not each.back or each.back.startswith("sudo "), each.back
        if each.shell is Shell.TAILSCALE:
            assert each.text.startswith("tailscale "), each.text


@pytest.mark.parametrize("text", SHELL)
def test_bash_can_read_it(text: str) -> None:
    done = subprocess.run(("bash", "-n", "-c", text), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_shellcheck_has_nothing_to_say() -> None:
    if shutil.which("shellcheck") is None:
        assert not os.environ.get("CI"), "shellcheck has to be installed where this is decided"
        pytest.skip("shellcheck is not installed")
    # One script for all: each command a function of its own, which nobody calls.
    script = "#!/bin/sh\n" + "".join(f"c{n}() {{\n{text}\n}}\n" for n, text in enumerate(SHELL))
    done = subprocess.run(
        ("shellcheck", "--exclude=SC2317,SC2329", "-"),
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


CMDLETS = {
    "Get-NetFirewallProfile", "Get-NetFirewallRule", "New-NetFirewallRule",
    "Remove-NetFirewallRule", "New-NetFirewallHyperVRule", "Remove-NetFirewallHyperVRule",
    "Get-NetIPAddress", "Get-NetRoute", "Get-NetUDPEndpoint", "Get-NetAdapterBinding",
    "Get-Process", "Select-Object", "Start-Service", "Restart-Service",
}  # fmt: skip
PROGRAMS = {"tailscale"}


@pytest.mark.parametrize("text", POWER)
def test_powershell_commands_are_quoted_and_known(text: str) -> None:
    bare = re.sub(r"\"[^\"`$]*\"|'[^']*'", "''", text)
    assert '"' not in bare, "a quotation mark stands alone, or something is filled in within one"
    assert not re.search(r"[`$;&<>]", bare)
    for part in bare.split("|"):
        first = part.split()[0]
        assert first in CMDLETS | PROGRAMS, first
    assert all(
        bare.count(opening) == bare.count(closing) for opening, closing in ("()", "[]", "{}")
    )


def test_the_comparison_with_another_device_is_a_command_that_takes_this_network() -> None:
    text = (HERE / "remedies" / "run-there.md").read_text("utf-8")
    (command,) = re.findall(r"`whyrelay (pair [^`]*)`", text)
    typed = parse_arguments(command.split())
    assert (typed.a, typed.b) == ("-", "FILE")


def test_what_is_done_in_a_cloud_is_nobody_s_router_s() -> None:
    found = words(RemedyId.ENABLE_IPV6, Brand.AWS)
    assert "router" not in f"{found.who}{found.risk}{found.undo}"
