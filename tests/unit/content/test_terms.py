"""Links, terms and keys: each leads somewhere, and none is used that only specialists know."""

from __future__ import annotations

import re

from tests.unit.content.texts import ALL, FILES, document_of
from tui import content
from tui.commands import COMMANDS


def test_every_link_has_a_glossary_entry_and_no_bracket_is_left() -> None:
    lost = [
        (where, term) for where, text in ALL for term in content.terms(text) if not _entry(term)
    ]
    assert lost == []
    assert [where for where, text in ALL if re.search(r"\[\[|\]\]", content.plain(text))] == []


def _entry(spelling: str) -> bool:
    return content.term(spelling) is not None


_BARE = re.compile(
    r"\b[Pp]ress(?:ing)? (?!Enter|Esc\b)`?\w+`?(?=[\s).,:;]|$)|\bkey [a-z]\b|`[a-z]`"
    r"|\b(?:ctrl|Ctrl)\+"
    r"|(?<![\w'./=\]-])[b-hj-z](?![\w'./=-])(?! \{)"
)
"""A key that is named by itself: "press r", a letter alone, ctrl+s."""
_NOT_KEYS = re.compile(r"`[^`]*`|\{\w+\}(?: to \{\w+\})? s\b|\"[^\"]*\"")
"""Code, seconds, and what a person writes into their own file of keys."""


def test_no_text_names_a_key_that_a_person_may_have_changed() -> None:
    said = [(where, _NOT_KEYS.sub("", text)) for where, text in ALL]
    assert [(where, _BARE.findall(text)) for where, text in said if _BARE.search(text)] == []
    assert [where for where, text in ALL if re.search(r"`(?:[a-z]|ctrl\+[a-z])`", text)] == []


def test_every_key_in_the_words_is_a_command_s_and_the_sentence_is_whole_without_it() -> None:
    known = {command.id: command for command in COMMANDS}
    used = [(where, name) for where, text in ALL for name in content.keys(text)]
    assert {"retest", "ping", "watch", "pretend"} <= {name for _, name in used}
    assert [each for each in used if each[1] not in known or not known[each[1]].key] == []
    for where, text in ALL:
        assert not re.search(r"\s[.,:;](?!\w)|\(\)", content.plain(text)), where
    assert content.plain("Test again [[key:retest]]. Then go.") == "Test again. Then go."
    assert content.keyed("Test again [[key:retest]].", lambda _: "R") == "Test again (R)."
    assert content.keyed("Test again [[key:nothing]].", lambda _: "") == "Test again."


def test_the_page_on_what_is_sent_names_all_that_is_kept_pinged_and_changed() -> None:
    """What the rest of the program can do, it may not deny."""
    (privacy,) = (each for each in FILES if each.name == "privacy.md")
    sections = {
        name: content.plain(each.text) for name, each in document_of(privacy).sections.items()
    }
    assert "command in Fix" in sections["What changes"]
    assert re.search(r"how far you are with a fix", sections["What is kept"], re.IGNORECASE)
    assert "in Prove" in sections["To the peer that you chose"]


def test_no_step_promises_another_way_out() -> None:
    """Which other ways there are depends on the network; the list shows them."""
    promises = re.compile(r"\bnext ways? out|\bways? out (?:below|above)", re.IGNORECASE)
    assert [where for where, text in ALL if promises.search(text)] == []


def test_every_glossary_entry_is_linked_from_where_its_word_stands() -> None:
    """What nothing links to is found by nobody who meets the word where it stands."""
    found = [content.term(term) for _, text in ALL for term in content.terms(text)]
    linked = {each.id for each in found if each is not None}
    assert sorted(content.glossary().keys() - linked) == []


def test_no_glossary_entry_links_to_itself() -> None:
    for each in content.glossary().values():
        for term in content.terms(f"{each.short} {each.more}"):
            assert content.term(term) is not each, f"{each.name} links to itself"


_SPECIAL = re.compile(r"\b(?:[A-Z]{2,}[A-Za-z0-9-]*|[A-Za-z]+[A-Z][A-Za-z0-9-]*)\b")
"""Acronyms and words with a capital inside: what a person cannot read without being told."""
_NAMES = {
    "UDP", "DNS",  # DNS stands only in the page on what is sent, which says what it does
    "MappingVariesByDestIP", "PortMapping", "CaptivePortal",  # field names, explained as fields
    "OS", "TCP", "IP",
    # names of makers, products and systems
    "pfSense", "OPNsense", "UniFi", "MikroTik", "RouterOS", "OpenWrt", "FreshTomato", "TP-Link",
    "FRITZ", "FortiGate", "FortiOS", "SRX", "SonicWall", "SonicOS", "ASA", "PAN-OS", "VirtualBox",
    "macOS", "PowerShell",
}  # fmt: skip


def test_no_acronym_stands_without_a_glossary_entry() -> None:
    found = [
        (where, word)
        for where, text in ALL
        for word in _SPECIAL.findall(_without_code(content.plain(text)))
        if not (_entry(word) or _entry(word.removesuffix("s")) or word in _NAMES)
    ]
    assert found == []


def _without_code(text: str) -> str:
    return re.sub(r"`[^`]*`|\{[a-z_]+\}|https?://\S+|\bAT&T\b", "", text)


_JARGON = re.compile(
    r"\b(?:symmetric|cones?|conntrack|datagrams?|rfc|upstream|downstream|egress|ingress|traversal|"
    r"srflx|reflexive|snat|dnat|tuples?|payload|handshakes?|daemons?|subnets?|dhcp|isp|wan|lan|"
    r"heuristics?|idempotent|pars(?:e|ing)|timeouts?|time-outs?|retransmi\w+|unreachable|resolv\w+|"
    r"host ?names?|multicast|unicast|broadcast|checksum|kernel|stack|client|interface)\b",
    re.IGNORECASE,
)


def test_no_word_is_used_that_only_specialists_know() -> None:
    found = [
        (where, match[0])
        for where, text in ALL
        if not where.startswith("labels/classic-type")  # that is what they are
        for match in _JARGON.finditer(re.sub(r"--[a-z-]+", "", _without_code(content.plain(text))))
    ]
    assert found == []
