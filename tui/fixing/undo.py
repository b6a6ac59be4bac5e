"""A command that can cut the person off is run with what takes it back already under way.

One small POSIX shell script, shown before it is run: it starts a process of its own session that
waits and then takes the change back, runs the command, and asks whether to keep it. Only that
answer ends the waiting: if the terminal, the login or the whole program dies, it is taken back.
"""

from __future__ import annotations

import shlex
from enum import IntEnum

from tui import content

UNDO_S = 90
"""Time to see that the connection still stands. A daemon restarted over its own tunnel is back
within some ten seconds."""


class Verdict(IntEnum):
    """Exit statuses of the script's own. Any other one is the command's, which is kept."""

    NOTHING_DONE = 212
    """There is no program here that could take it back, so nothing was done."""
    TAKEN_BACK = 213
    WILL_BE = 214
    """Nobody answered: it is taken back when the time is over."""
    NOT_TAKEN_BACK = 215
    """What takes it back did not work."""


_SCRIPT = """\
# {title}
away=$(command -v setsid || command -v nohup) || {{ echo {nothing}; exit {status_nothing}; }}
trap 'armed=yes' USR1
"$away" sh -c '
trap "" HUP INT
trap "kill \\$nap; exit 3" TERM
kill -USR1 "$3"
sleep "$1" & nap=$!
wait "$nap"
trap "" TERM
(eval "$2") 3>&- && {{ echo; echo "$4"; exit 0; }} >&3
exit 4
' timed-undo {seconds} {undo} $$ {over} 3>&1 </dev/null >/dev/null 2>&1 &
undo=$!
for turn in 1 2 3 4 5; do [ "$armed" ] || sleep 0.1 || sleep "$turn"; done
[ "$armed" ] || {{ kill "$undo"; echo {nothing}; exit {status_nothing}; }}

(
{command}
)
status=$?
echo; echo {ended} "$status"
printf %s {ask}' '
read -r answer || exit {status_will_be}
kill "$undo" 2>/dev/null; wait "$undo"
case $?:$answer in
  3:keep) echo {kept}; exit "$status" ;;
  3:*) (eval {undo}) || {{ echo {failed}; exit {status_failed}; }} ;;
  0:*) echo {late} ;;
  *) echo {late} {failed}; exit {status_failed} ;;
esac
echo {back}; exit {status_back}
"""
# The command waits until the other process says (SIGUSR1) that its traps stand: a hang-up before
# that would end both. Its status 3: the waiting was ended, and nothing taken back. By 3 it tells a
# terminal that is still there; what takes it back never hangs on that.


def timed(command: str, undo: str, seconds: int | None = None) -> str:
    """The script. `command` and `undo` are shell text of ours, their values quoted."""
    seconds = UNDO_S if seconds is None else seconds

    def words(which: str) -> str:
        return shlex.quote(content.fill(content.fixing(which), seconds=seconds))

    return _SCRIPT.format(
        title=content.fill(content.fixing("undo title"), seconds=seconds),
        seconds=seconds,
        command=command.strip("\n"),
        undo=shlex.quote(undo),
        nothing=words("undo impossible"),
        ended=words("undo ended"),
        ask=words("undo ask"),
        kept=words("undo kept"),
        late=words("undo late"),
        over=words("undo over"),
        back=words("undo back"),
        failed=words("undo failed"),
        status_nothing=int(Verdict.NOTHING_DONE),
        status_will_be=int(Verdict.WILL_BE),
        status_failed=int(Verdict.NOT_TAKEN_BACK),
        status_back=int(Verdict.TAKEN_BACK),
    )
