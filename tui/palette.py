"""How the palette finds an action: by its own words, by words of the same meaning, then by letters.

A practice network comes last, and only by its name: Enter on one leads away from what is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.command import Hit, Hits
from textual.fuzzy import Matcher
from textual.system_commands import SystemCommandsProvider

from tui.commands import COMMANDS

ALSO: Mapping[str, str] = {
    "retest": "measure rerun repeat refresh try once more",
    "evidence": "readings proof sources why raw",
    "map-test": "upnp pcp nat-pmp mapping trial router consent",
    "copy": "clipboard text",
    "copy-verdict": "netcheck fields report result summary export json text clipboard share",
    "filter": "search find",
    "plot": "chart graph latency bars",
    "events": "log raw packets sent history json trace",
    "open": "paste file load import report netcheck status json read",
    "other-side": "peer device pair paste import",
    "forget-answer": "remove clear",
    "tick": "done check finished",
    "run": "execute shell sudo",
    "impossible": "cannot skip",
    "show-command": "copy shell",
    "system": "linux macos windows ufw firewalld nftables container",
    "router": "brand make model",
    "anew": "reset restart clear forget",
    "pretend": "practise simulate done apply",
    "ping": "tailscale",
    "watch": "follow monitor notify alert path",
    "save": "save report export write text before after proof json",
    "afresh": "reset restart again undo practice",
    "explain": "what why",
    "help": "keys keyboard shortcuts manual",
    "glossary": "terms words dictionary",
    "privacy": "hide names redact anonymous mask",
    "theme": "theme colour color scheme dark light mode appearance contrast",
    "quit": "exit leave close end",
    "go-on": "resume continue",
}
"""What somebody may type who does not know what we call it."""
_OWN, _MEANT, _LIKE, _PRACTICE = 0.8, 0.6, 0.3, 0.1
"""What each kind of find is worth at least: how well the letters fit decides only within a kind."""


class Actions(SystemCommandsProvider):
    """Every action of the program, and every practice network."""

    async def search(self, query: str) -> Hits:
        """What fits, best first."""
        matcher, words = self.matcher(query), query.casefold().split()
        for title, about, act, *_ in self.app.get_system_commands(self.screen):
            if (worth := _worth(title, words, matcher)) > 0:
                yield Hit(worth, matcher.highlight(title), act, help=about)


def _worth(title: str, words: list[str], matcher: Matcher) -> float:
    """How well it fits, 0 to 1; 0: not at all."""
    command = next((each for each in COMMANDS if title.startswith(each.title)), None)
    letters = matcher.match(title)
    nearly = letters / (1.0 + letters) * 0.15
    own = _begin(words, title)
    if command is None:
        return _PRACTICE + nearly if own else 0.0
    if own:
        return _OWN + nearly
    if _begin(words, f"{title} {command.word} {command.id} {ALSO.get(command.id, '')}"):
        return _MEANT + nearly
    return _LIKE + nearly if letters > 0 else 0.0


def _begin(words: list[str], text: str) -> bool:
    """Each of the words begins one of the text's."""
    found = text.casefold().replace("-", " ").replace(":", " ").replace("(", " ").split()
    found += text.casefold().split()
    return all(any(each.startswith(word) for each in found) for word in words)
