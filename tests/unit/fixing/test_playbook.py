"""The steps of each way for each person: complete, filled in, and no name of theirs left raw."""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import Actor, Cause, CauseId, Confidence, NatClass, Weight
from probes.diagnosis.plan import Way, plan_of
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.what_if import Whose
from probes.model import Family
from probes.readings import environment, firewall, local, port_mapping, tailscale
from probes.readings.environment import (
    BugEffect,
    ClientBug,
    Effect,
    Evidence,
    Setting,
    Surrounding,
)
from probes.readings.firewall import Fate, FirewallName, FoundFirewall, Judgement
from probes.readings.igd import IGD, Igd
from probes.readings.port_mapping import MappingError, MappingFault
from probes.report import Report
from tests.unit.content.reports import EASY, HARD, report, way_out
from tui import content
from tui.content import playbooks
from tui.fixing.playbook import (
    Brand,
    Circumstances,
    Playbook,
    System,
    circumstances,
    playbook,
    variant_of,
)

BY_ID = {remedy.id: remedy for remedy in REMEDIES}
CAUSE = Cause(CauseId.HARD_NAT, Weight.BLOCKS, Confidence.CERTAIN, Actor.ROUTER, ())
NOTHING = report({})
SETTING = Setting("TS_DEBUG_NEVER_DIRECT_UDP", "1", "/etc/default/tailscaled", Effect.FORCES_RELAY)
PEER = tailscale.Peer(
    "home-nas", "", (), "linux", tailscale.PeerPath.DERP, "fra", "fra", True, False
)


def blocked(by: FirewallName, where: str) -> Judgement:
    return Judgement(Fate.BLOCKED, by, where, "policy drop", sure=True)


EVERYTHING: dict[str, Any] = {
    **HARD,
    firewall.PORT.id: 41700,
    tailscale.PORT.id: 41700,
    tailscale.VERSION.id: "1.94.2",
    tailscale.EXIT_NODE.id: "exit-nine",
    tailscale.CHOSEN.id: tailscale.PeerChoice("home", (PEER,), ()),
    environment.SET_PORT.id: 41641,
    environment.SETTINGS.id: (SETTING,),
    firewall.INBOUND4.id: blocked(FirewallName.NFTABLES, "inet filter input"),
    firewall.OUTBOUND4.id: blocked(FirewallName.NFTABLES, "inet filter output"),
}
FULL = report(EVERYTHING)


def steps_for(
    remedy: RemedyId,
    found: Report = FULL,
    *,
    system: System = System.LINUX,
    brand: Brand = Brand.GENERIC,
    whose: Whose = Whose.THIS,
) -> Playbook:
    person = replace(circumstances(found), system=system, brand=brand)
    return playbook(Way(BY_ID[remedy], whose, {}), CAUSE, found, person)


def texts(found: Playbook) -> list[str]:
    about = (found.for_you, found.why, found.who, found.risk, found.shows, found.undo)
    commands = [step.command for step in found.steps if step.command is not None]
    return [
        *about,
        *(step.text for step in found.steps),
        *(command.text for command in commands),
        *(command.undo for command in commands),
    ]


@pytest.mark.parametrize("system", [System.LINUX, System.WINDOWS, System.CONTAINER])
def test_a_service_that_answers_need_not_be_started(system: System) -> None:
    def ids(state: tailscale.Backend) -> list[str]:
        found = report({tailscale.STATE.id: state})
        return [
            step.id for step in steps_for(RemedyId.CONNECT_TAILSCALE, found, system=system).steps
        ]

    absent = ids(tailscale.Backend.NO_DAEMON)
    assert absent[0] in ("service", "running")
    for state in (tailscale.Backend.NEEDS_LOGIN, tailscale.Backend.STOPPED):
        assert ids(state) == absent[1:]


def ids_of(remedy: RemedyId, readings: dict[str, Any]) -> set[str]:
    return {step.id for step in steps_for(remedy, report(readings)).steps}


def test_a_pod_is_told_a_pod_s_option_and_a_container_a_container_s() -> None:
    def inside(kind: environment.Surrounding) -> set[str]:
        shown = environment.Evidence(kind, "a name", True, "a file", Confidence.CERTAIN)
        return ids_of(RemedyId.HOST_NETWORK, {environment.EVIDENCE.id: (shown,)})

    assert {"option", "pod"} & inside(environment.Surrounding.KUBERNETES) == {"pod"}
    assert {"option", "pod"} & inside(environment.Surrounding.CONTAINER) == {"option"}


def test_a_device_without_ipv6_needs_no_rule_for_it() -> None:
    way = way_out(Family.V6)
    for remedy in (RemedyId.OPEN_FIREWALL, RemedyId.ALLOW_INBOUND):
        steps = {each: ids_of(remedy, {local.WAY_OUT6.id: each}) for each in (None, way)}
        assert steps[way] - steps[None] in ({"both-families"}, {"allow-ipv6"})


# --- complete -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", CauseId)
def test_every_cause_has_steps_on_every_system(cause: CauseId) -> None:
    for found, system in itertools.product((NOTHING, FULL), System):
        diagnosis = diagnose(found)
        here = replace(CAUSE, id=cause)
        (plan,) = plan_of(found, replace(diagnosis, causes=(here,)))
        person = replace(circumstances(found), system=system)
        for way in plan.ways:
            book = playbook(way, here, found, person)
            assert book.remedy is way.remedy.id
            assert book.steps
            assert all(step.text for step in book.steps)
            assert len({step.id for step in book.steps}) == len(book.steps)
            assert book.sources


@pytest.mark.parametrize("remedy", RemedyId)
@pytest.mark.parametrize("found", [NOTHING, FULL], ids=["nothing-known", "everything-known"])
def test_no_placeholder_is_left(remedy: RemedyId, found: Report) -> None:
    listed = playbooks.matrix()[remedy]
    makes = [brand for brand in Brand if brand.value in listed or brand is Brand.GENERIC]
    for brand, system, whose in itertools.product(makes, System, Whose):
        for text in texts(steps_for(remedy, found, system=system, brand=brand, whose=whose)):
            assert not re.search(r"\{[a-z_]+\}", text), text
            assert "  " not in text


@pytest.mark.parametrize("system", System)
def test_a_command_that_may_cut_the_connection_can_be_taken_back(system: System) -> None:
    cut = 0
    for remedy in RemedyId:
        for step in steps_for(remedy, system=system).steps:
            if step.command is not None:
                windows = system is System.WINDOWS or remedy is RemedyId.MIRRORED_NETWORK
                assert step.command.shell == ("powershell" if windows else "sh"), remedy
                assert bool(step.command.undo) == step.command.cuts, remedy
                assert step.command.as_root or not step.command.text.startswith("sudo "), remedy
                cut += step.command.cuts
    assert cut


# --- values ---------------------------------------------------------------------------------------


def command(found: Playbook, step: str) -> str:
    (one,) = [each for each in found.steps if each.id == step]
    assert one.command is not None, one.text
    return one.command.text


def test_commands_carry_the_person_s_own_values() -> None:
    ufw = steps_for(RemedyId.ALLOW_INBOUND, system=System.LINUX_UFW)
    assert command(ufw, "allow") == "sudo ufw allow 41700/udp"
    nft = steps_for(RemedyId.ALLOW_INBOUND, system=System.LINUX_NFTABLES)
    assert command(nft, "allow").startswith("sudo nft insert rule inet filter input udp dport 417")
    out = steps_for(RemedyId.ALLOW_OUTBOUND, system=System.LINUX_NFTABLES)
    assert " inet filter output " in command(out, "allow")
    assert command(steps_for(RemedyId.WAIT), "ping") == "tailscale ping -c 20 home-nas"
    setting = steps_for(RemedyId.REMOVE_SETTING)
    assert "'s/^.*TS_DEBUG_NEVER_DIRECT_UDP=/# &/' /etc/default/tailscaled" in command(
        setting, "remove"
    )


def test_the_port_that_the_person_named_comes_before_the_daemon_s() -> None:
    asked = {**EVERYTHING, firewall.PORT.id: 51000}
    assert circumstances(report(asked)).values["port"] == "51000"
    unasked = {name: value for name, value in EVERYTHING.items() if name != firewall.PORT.id}
    assert circumstances(report(unasked)).values["port"] == "41700"
    assert "port" not in circumstances(NOTHING).values


def test_texts_carry_them_too() -> None:
    forward = " ".join(texts(steps_for(RemedyId.FORWARD_PORT)))
    assert "outer port 41700, to 192.168.1.20, inner port 41700" in forward
    assert "(`http://192.168.1.1`)" in forward


def test_the_undo_is_the_exact_command() -> None:
    (leave, *_) = steps_for(RemedyId.LEAVE_EXIT_NODE).steps
    assert leave.command is not None
    assert leave.command.text == "sudo tailscale set --exit-node="
    assert leave.command.undo == "sudo tailscale set --exit-node=exit-nine"
    assert leave.command.cuts


@pytest.mark.parametrize(
    ("system", "text", "shell", "as_root"),
    [
        (System.LINUX, "sudo tailscale set --exit-node=", "sh", True),
        (System.CONTAINER, "sudo tailscale set --exit-node=", "sh", True),
        (System.MACOS, "tailscale set --exit-node=", "sh", False),
        (System.WINDOWS, "tailscale set --exit-node=", "powershell", False),
    ],
)
def test_tailscale_is_called_as_each_system_wants_it(
    system: System, text: str, shell: str, as_root: bool
) -> None:
    (leave, *_) = steps_for(RemedyId.LEAVE_EXIT_NODE, system=system).steps
    assert leave.command is not None
    assert (leave.command.text, leave.command.shell, leave.command.as_root) == (
        text,
        shell,
        as_root,
    )


def test_where_a_value_is_not_known_the_steps_say_how_to_find_it_and_give_no_command() -> None:
    found = steps_for(RemedyId.ALLOW_INBOUND, NOTHING, system=System.LINUX_UFW)
    first, allow, *_ = found.steps
    assert first.id == "find-port"
    assert first.command is not None
    assert first.command.text == "sudo ss -ulpn | grep tailscaled"
    assert not first.command.cuts
    assert allow.command is None
    assert first.text.endswith("Below it is called `PORT`.")
    assert "`sudo ufw allow PORT/udp`, with what you found in place of `PORT`." in allow.text


@pytest.mark.parametrize("remedy", [RemedyId.REMOVE_SETTING, RemedyId.PACKET_SIZE])
def test_what_is_to_be_found_out_is_asked_right_before_it_is_needed(remedy: RemedyId) -> None:
    steps = steps_for(remedy, NOTHING).steps
    at = next(at for at, step in enumerate(steps) if step.id == "find-peer")
    assert "NAME" in steps[at + 1].text
    assert all("NAME" not in step.text for step in steps[:at])


def test_a_value_that_is_known_is_not_asked_for() -> None:
    found = steps_for(RemedyId.ALLOW_INBOUND, system=System.LINUX_UFW)
    assert [step.id for step in found.steps if step.id.startswith("find-")] == []


@pytest.mark.parametrize(
    "hostile",
    [
        "$(reboot)",
        "a;reboot",
        "`reboot`",
        "a\nreboot",
        "' ; reboot ; '",
        "-o ProxyCommand=reboot",
        "{port}",
        "x" * 300,
        "",
    ],
)
def test_a_strange_name_is_never_part_of_a_command(hostile: str) -> None:
    peer = replace(PEER, name=hostile)
    values = {
        **EVERYTHING,
        tailscale.EXIT_NODE.id: hostile,
        tailscale.CHOSEN.id: tailscale.PeerChoice("home", (peer,), ()),
        local.WAY_OUT4.id: replace(way_out(), interface=hostile),
        firewall.INBOUND4.id: blocked(FirewallName.FIREWALLD, f"zone {hostile}"),
    }
    found = report(values)
    for remedy in RemedyId:
        for system in System:
            for step in steps_for(remedy, found, system=system).steps:
                assert not hostile or hostile not in step.text or hostile == "{port}"
                if step.command is not None:
                    assert "reboot" not in step.command.text + step.command.undo
                    assert "xxx" not in step.command.text + step.command.undo


def test_a_value_with_spaces_stays_one_word_where_it_is_one() -> None:
    values = {**EVERYTHING, tailscale.EXIT_NODE.id: "home nas"}
    (leave, *_) = steps_for(RemedyId.LEAVE_EXIT_NODE, report(values)).steps
    assert leave.command is None or shlex.split(leave.command.undo)[-1] == "--exit-node=home nas"


# --- the other side -------------------------------------------------------------------------------


def test_for_the_other_side_nothing_is_filled_in_and_nothing_is_run_here() -> None:
    for remedy in RemedyId:
        found = steps_for(remedy, brand=Brand.FRITZBOX, whose=Whose.OTHER)
        assert found.steps[0].id == "there"
        assert all(step.command is None for step in found.steps)
        assert found.variant == ""
        for text in texts(found):
            assert not re.search(r"192\.168\.1\.|41700|home-nas|exit-nine", text), text


# --- whose steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "system"),
    [
        (blocked(FirewallName.UFW, "ip filter ufw-user-input"), System.LINUX_UFW),
        (blocked(FirewallName.FIREWALLD, "zone public"), System.LINUX_FIREWALLD),
        (blocked(FirewallName.NFTABLES, "inet filter input"), System.LINUX_NFTABLES),
        (blocked(FirewallName.IPTABLES, "ip filter INPUT"), System.LINUX),
        (blocked(FirewallName.MACOS, "application firewall"), System.MACOS),
        (blocked(FirewallName.WINDOWS, "profile Public"), System.WINDOWS),
    ],
)
def test_whose_rule_drops_decides_about_the_system(found: Judgement, system: System) -> None:
    told = circumstances(report({**HARD, firewall.INBOUND4.id: found}))
    assert (told.system, told.system_from) == (system, found.where)


@pytest.mark.parametrize(
    ("names", "system"),
    [
        ((FirewallName.NFTABLES, FirewallName.UFW), System.LINUX_UFW),
        ((FirewallName.NFTABLES, FirewallName.FIREWALLD), System.LINUX_FIREWALLD),
        ((FirewallName.NFTABLES, FirewallName.TAILSCALE), System.LINUX_NFTABLES),
        ((FirewallName.PF,), System.MACOS),
        ((), System.LINUX),
    ],
)
def test_where_nothing_drops_the_active_firewall_does(
    names: tuple[FirewallName, ...], system: System
) -> None:
    active = tuple(FoundFirewall(name, True, "") for name in names)
    assert circumstances(report({**EASY, firewall.FOUND.id: active})).system is system


def test_a_container_is_one_whatever_its_host_s_firewall() -> None:
    inside = Evidence(Surrounding.CONTAINER, "docker", True, "/.dockerenv", Confidence.CERTAIN)
    values = {
        **EASY,
        environment.EVIDENCE.id: (inside,),
        firewall.FOUND.id: (FoundFirewall(FirewallName.UFW, True, ""),),
    }
    told = circumstances(report(values))
    assert (told.system, told.system_from) == (System.CONTAINER, "/.dockerenv")


@pytest.mark.parametrize(
    ("platform", "system"),
    [("darwin", System.MACOS), ("win32", System.WINDOWS), ("linux", System.LINUX)],
)
def test_a_report_taken_here_is_of_this_system_and_another_s_is_not(
    platform: str, system: System
) -> None:
    here = replace(NOTHING, network="real")
    assert circumstances(here, platform).system is system
    assert circumstances(NOTHING, platform).system is System.LINUX


def igd(**told: str) -> Igd:
    fields = {"name": "", "maker": "", "model": "", "software": "", **told}
    return Igd(host="192.168.1.1", version=1, service="WANIPConnection:1", **fields)


@pytest.mark.parametrize(
    ("told", "brand"),
    [
        (igd(name="FRITZ!Box 7590", maker="AVM Berlin"), Brand.FRITZBOX),
        (igd(name="OpenWRT router", maker="OpenWRT"), Brand.OPENWRT),
        (igd(maker="MikroTik"), Brand.MIKROTIK),
        (igd(maker="TP-LINK", model="Archer"), Brand.TP_LINK),
        (igd(maker="NETGEAR, Inc."), Brand.NETGEAR),
        (igd(software="pfSense/2.7 UPnP/1.1 MiniUPnPd/2.2"), Brand.PFSENSE),
        (igd(name="Residential Gateway"), Brand.GENERIC),
    ],
)
def test_the_router_s_make_is_read_from_how_it_describes_itself(told: Igd, brand: Brand) -> None:
    assert circumstances(report({**EASY, IGD.id: told})).brand is brand


def test_a_cloud_is_a_make_of_its_own() -> None:
    cloud = Evidence(Surrounding.CLOUD, "Amazon EC2", True, "DMI", Confidence.CERTAIN)
    told = circumstances(report({**EASY, environment.EVIDENCE.id: (cloud,)}))
    assert (told.brand, told.brand_from) == (Brand.AWS, "Amazon EC2")


@pytest.mark.parametrize(
    ("remedy", "system", "brand", "variant"),
    [
        (RemedyId.PORT_MAPPING, System.LINUX, Brand.FRITZBOX, "fritzbox"),
        (RemedyId.PORT_MAPPING, System.LINUX, Brand.GENERIC, ""),
        (RemedyId.PORT_MAPPING, System.WINDOWS, Brand.AWS, ""),
        (RemedyId.ALLOW_INBOUND, System.LINUX_UFW, Brand.FRITZBOX, "linux-ufw"),
        (RemedyId.FREE_PORT, System.LINUX_UFW, Brand.GENERIC, "linux"),
        (RemedyId.ALLOW_OUTBOUND, System.LINUX_FIREWALLD, Brand.GENERIC, "linux"),
        (RemedyId.SIGN_IN, System.MACOS, Brand.GENERIC, ""),
    ],
)
def test_the_words_that_fit_best_are_chosen(
    remedy: RemedyId, system: System, brand: Brand, variant: str
) -> None:
    assert variant_of(remedy, Circumstances(system, brand)) == variant
    assert steps_for(remedy, system=system, brand=brand).variant == variant


# --- what this report adds ------------------------------------------------------------------------


def test_the_router_s_own_reason_comes_first() -> None:
    error = MappingError(718, "ConflictInMappingEntry", MappingFault.CONFLICT)
    found = report({**HARD, port_mapping.UPNP.error.id: error})
    (first, *_) = steps_for(RemedyId.REPAIR_MAPPING, found).steps
    assert first.id == "router-said"
    assert content.mapping_fault(MappingFault.CONFLICT).next_step in first.text
    assert steps_for(RemedyId.REPAIR_MAPPING).steps[0].id != "router-said"


def test_a_tailscale_that_is_told_not_to_ask_for_ports_comes_before_the_router() -> None:
    setting = Setting("TS_DISABLE_PORTMAPPER", "1", "/etc/default/t", Effect.NO_PORT_MAPPING)
    found = report({**HARD, environment.SETTINGS.id: (setting,)})
    (first, *_) = steps_for(RemedyId.PORT_MAPPING, found).steps
    assert first.id == "not-asked"
    assert "TS_DISABLE_PORTMAPPER" in first.text
    assert "/etc/default/t" in first.text


def test_a_random_port_is_named_before_a_rule_for_one_port() -> None:
    found = report({**HARD, tailscale.ATTRIBUTES.id: ("randomize-client-port",)})
    assert steps_for(RemedyId.FORWARD_PORT, found).steps[0].id == "random-port"
    assert steps_for(RemedyId.PORT_MAPPING, found).steps[0].id != "random-port"


@pytest.mark.parametrize("effect", BugEffect)
def test_each_known_fault_says_what_an_update_does_for_it(effect: BugEffect) -> None:
    bug = ClientBug(18348, effect)
    found = report({**HARD, environment.CLIENT_BUGS.id: (bug,)})
    person, way = circumstances(found), Way(BY_ID[RemedyId.UPDATE_CLIENT], Whose.THIS, {})
    steps = playbook(way, replace(CAUSE, id=CauseId.CLIENT_BUG), found, person).steps
    assert steps[0].id == "bug-18348"
    assert steps[0].text == playbooks.guidance(f"bug {effect}")
    others = playbook(way, replace(CAUSE, id=CauseId.PORT_MAPPING_BROKEN), found, person).steps
    assert others[0].id != "bug-18348"


def test_nothing_of_this_report_is_said_about_the_other_side() -> None:
    found = report({**HARD, tailscale.ATTRIBUTES.id: ("randomize-client-port",)})
    assert steps_for(RemedyId.FORWARD_PORT, found, whose=Whose.OTHER).steps[0].id == "there"


def test_the_peer_that_the_person_chose_is_named_in_commands() -> None:
    assert circumstances(NOTHING, peer="attic").values["peer"] == "attic"
    assert "peer" not in circumstances(NOTHING, peer="$(reboot)").values


def test_the_waiting_time_follows_what_has_to_settle() -> None:
    assert steps_for(RemedyId.PORT_MAPPING).wait_s == 90
    assert steps_for(RemedyId.BRIDGE).wait_s == 300
    assert steps_for(RemedyId.SIGN_IN).wait_s == 0


def test_values_know_the_network_of_this_device() -> None:
    values = circumstances(FULL).values
    assert values["lan_prefix"] == "192.168.1.0/24"
    assert values["gateway"] == "192.168.1.1"
    assert values["interface"] == "wlan0"
    assert values["public_address"] == "45.83.223.10"
    tunnel = {**EVERYTHING, local.WAY_OUT4.id: way_out(tunnel="wg0")}
    assert "lan_address" not in circumstances(report(tunnel)).values
    assert ip_address(values["lan_address"]) == ip_address("192.168.1.20")
    assert NatClass.HARD in diagnose(FULL).nat4.nat_class
