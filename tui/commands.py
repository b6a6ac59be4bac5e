"""Everything a person can do, once: keys, footer, palette and the help page are made from it."""

from __future__ import annotations

from collections.abc import Mapping

from tui.command import Command
from tui.state import STEPS, Step

NEXT = Command("next", "n", "next", "Next", "Next step", "Go on to the next step.")
BACK = Command("back", "b", "back", "Back", "Previous step", "Go back one step.")
RETEST = Command(
    "retest", "r", "retest", "Test again", "Test again", "Measure the same network once more."
)
EVIDENCE = Command(
    "evidence",
    "e",
    "evidence",
    "Evidence",
    "Show the evidence",
    "The readings behind the statement: who said so, when, and after how many tries.",
)
MAP_TEST = Command(
    "map-test",
    "m",
    "app.map_test",
    "Try a port",
    "Try the router with a port",
    "Open a port for a moment and see whether packets get in. Asks first.",
)
COPY = Command(
    "copy", "c,y", "copy", "Copy", "Copy this explanation", "Copy what is explained right now."
)
VERDICT = Command(
    "copy-verdict",
    "",
    "copy_verdict",
    "Copy verdict",
    "Copy the verdict",
    "Copy the verdict with the netcheck fields, as text.",
)
FILTER = Command(
    *("filter", "slash", "filter", "Filter", "Filter the list", "Type a part of a name."),
    at_once=True,
)
PLOT = Command(
    "plot",
    "d",
    "plot",
    "View",
    "Relay latency: bars or a plot",
    "In Measure: how far each relay is as a bar, or all of them over the regions.",
)
EVENTS = Command(
    "events",
    "l",
    "events",
    "Log",
    "What was sent, and what came back",
    "Every event of the run with its time, to be filtered and copied.",
)
OPEN = Command(
    "open",
    "o",
    "open",
    "Paste",
    "Open what another device measured",
    "Paste what it printed, or name a file.",
)
OTHER = Command(
    "other-side",
    "a",
    "other_side",
    "Answer",
    "Paste the other side's answer",
    "What the other device measured: the answer for the two of you becomes exact.",
)
FORGET = Command(
    "forget-answer",
    "delete,backspace",
    "forget_answer",
    "Forget",
    "Forget the other side's answer",
    "What was pasted for the other device is left out again.",
)
TAKE = Command(
    "take",
    "",
    "take",
    "Measure",
    "Measure the network under the cursor",
    "In Choose: measure it, or show what is known of it.",
    elsewhere="enter",
)
TICK = Command(
    "tick",
    "space",
    "fix('tick')",
    "Tick",
    "Tick a step off",
    "In Fix: done, or not done after all.",
)
RUN = Command(
    "run",
    "x",
    "fix('run')",
    "Run",
    "Run the command for me",
    "In Fix: shows exactly what will run, and asks first.",
)
IMPOSSIBLE = Command(
    "impossible",
    "i",
    "fix('impossible')",
    "Can't",
    "Not possible for me",
    "In Fix: go on with the next-cheapest way, and remember it.",
)
SHOW = Command(
    "show-command",
    "v",
    "fix('show')",
    "Show",
    "Show the command by itself",
    "In Fix: the whole command alone on the screen, to select it.",
)
SYSTEM = Command(
    "system",
    "s",
    "fix('system')",
    "System",
    "Steps for another system",
    "In Fix: Linux with one of its firewalls, macOS, Windows, a container.",
)
ROUTER = Command(
    "router",
    "w",
    "fix('router')",
    "Router",
    "Steps for another router",
    "In Fix: the make of the router, if it was not found or is another.",
)
ANEW = Command(
    "anew",
    "",
    "fix('anew')",
    "Anew",
    "Begin the fixes anew",
    "In Fix: forget what was ticked on this network.",
)
PRETEND = Command(
    "pretend",
    "z",
    "pretend",
    "Pretend",
    "Pretend that it is done",
    "On a practice network: it becomes what the change under the cursor makes of it.",
)
PING = Command(
    "ping",
    "u",
    "ping",
    "Ping",
    "Ping a peer, live",
    "tailscale ping, until a direct answer comes or you stop it.",
)
WATCH = Command(
    "watch",
    "f",
    "watch_paths",
    "Watch",
    "Tell me when it turns direct",
    "Look at the paths every few seconds, and ring when one turns direct or relayed.",
)
SAVE = Command(
    "save",
    "ctrl+s",
    "save",
    "Save",
    "Keep before and after as a file",
    "As text. Where to is said first, and asked.",
)
AFRESH = Command(
    "afresh",
    "",
    "afresh",
    "Afresh",
    "Begin this practice network afresh",
    "Forget what was pretended on it, and measure it as it was.",
)
EXPLAIN = Command(
    "explain", "question_mark", "app.explain", "Explain", "Explain this", "What the cursor is on."
)
HELP = Command(
    "help", "f1", "app.help", "Help", "Help and keys", "How to get about, and every key."
)
GLOSSARY = Command(
    "glossary", "", "app.glossary", "Glossary", "Glossary", "Every term, in plain words."
)
PALETTE = Command(
    "palette", "ctrl+p", "app.command_palette", "Actions", "All actions", "Find any action by name."
)
THEME = Command(
    "theme", "t", "app.theme", "Theme", "Light or dark", "Change between light and dark."
)
PRIVACY = Command(
    "privacy",
    "p",
    "app.privacy",
    "Privacy",
    "Privacy: mask addresses",
    "Hide addresses and names on the screen and in what is copied.",
)
QUIT = Command("quit", "q,ctrl+q", "app.quit", "Quit", "Quit", "Leave at once.")

STEP_COMMANDS = tuple(
    Command(
        f"step-{step}",
        str(number),
        f"go('{step}')",
        step.word,
        f"Go to {step.word}",
        f"Step {number} of {len(STEPS)}.",
    )
    for number, step in enumerate(STEPS, 1)
)

GO_ON = Command(
    "go-on",
    "",
    "go_on",
    "Go on",
    "Go on where you were",
    "Back to the fix that was begun before this start.",
)
FIX = (TICK, IMPOSSIBLE, RUN, SHOW, SYSTEM, ROUTER, GO_ON, ANEW)
"""Actions of Fix."""
WALK = (
    NEXT,
    BACK,
    *STEP_COMMANDS,
    RETEST,
    MAP_TEST,
    EVIDENCE,
    COPY,
    VERDICT,
    FILTER,
    OPEN,
    OTHER,
    FORGET,
    PLOT,
    EVENTS,
    TAKE,
    *FIX,
    PRETEND,
    PING,
    WATCH,
    SAVE,
    AFRESH,
)
"""Actions of the screen with the steps."""
EVERYWHERE = (EXPLAIN, HELP, GLOSSARY, PRIVACY, THEME, PALETTE, QUIT)
"""Actions of the app."""
COMMANDS = (*WALK, *EVERYWHERE)

_BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}


def key_of(name: str) -> str:
    """The key of a command today, as a person reads it; "" where there is no such command, or it
    has no key.
    """
    command = _BY_ID.get(name)
    return "" if command is None else command.key


FOOTER: Mapping[Step, tuple[Command, ...]] = {
    Step.CHOOSE: (TAKE, FILTER, OPEN, EXPLAIN, PALETTE, QUIT),
    Step.MEASURE: (NEXT, RETEST, EVENTS, EXPLAIN, PALETTE, QUIT),
    Step.UNDERSTAND: (NEXT, EVIDENCE, OTHER, EXPLAIN, PALETTE, QUIT),
    Step.FIX: (TICK, IMPOSSIBLE, NEXT, EXPLAIN, PALETTE, QUIT),
    Step.PROVE: (RETEST, PING, WATCH, EXPLAIN, PALETTE, QUIT),
}
"""At most six a step. Fix and Prove have others where these would do nothing."""
