"""Going on with a fix that was begun before this start: offered at once, and on its network."""

from __future__ import annotations

from tui import content
from tui.fixing.progress import HERE, Progress
from tui.networks import PRACTICE
from tui.returning import describe, standing
from tui.state import Measurement, Step
from tui.walking.letters import LETTERS
from tui.walking.talk import Choice
from tui.walking.walk import QUIT, Walk, moves

_GO, _START = "go-on", "start"


def offered(walk: Walk, found: Progress) -> bool:
    """Say what was begun, and ask whether to go on with it. True: yes. Raises Left."""
    what = f"{describe(found)}, on {_where(found.title)}: {standing(found)}."
    walk.talk.tell("", content.fixing("begun before"), what[:1].upper() + what[1:], "")
    answer = walk.ask(
        "Which one?",
        (
            Choice(LETTERS["go-on"], content.fixing("go on"), _GO),
            Choice(LETTERS["next"], "Next: start from the beginning", _START),
            *moves(QUIT),
        ),
    )
    if answer != _GO:
        return False
    if walk.source is None or walk.source.title != found.title:
        name = found.title.removeprefix(PRACTICE)
        walk.source = walk.networks.this() if found.title == HERE else walk.networks.open(name)
        walk.begin(Measurement(found.title))
    walk.resumed = found
    return True


def _where(title: str) -> str:
    return f"the practice network {title.removeprefix(PRACTICE)}" if title != HERE else title


def arrived(walk: Walk) -> Step | None:
    """After the run: the step to go on with; None where this is not the network of then.

    Where something was begun on this very network as well, that is what is gone on with.
    """
    wanted, known = walk.resumed, walk.measurement
    if wanted is None:
        return None
    here = walk.keeper.open(known.title, walk.raw.network_id)
    if not here.key:
        walk.resumed = None
        walk.talk.tell(content.fixing("no network to tell"))
        return None
    if here.key != wanted.key and not here.begun:
        words = content.fill(content.fixing("another network"), way=describe(wanted))
        walk.talk.tell("", words)
        if not walk.talk.sure("Go on with it here?"):
            walk.resumed = None
            return None
        here = walk.keeper.adopt(wanted, known.title, walk.raw.network_id)
    walk.resumed = here
    return here.step
