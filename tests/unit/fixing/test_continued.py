"""A command that is broken over lines does what it did on one."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest

from tui.fixing.continued import continued

UNDO = (
    'nft delete rule inet host input handle "$(nft -a list chain inet host input | '
    'sed -n \'s/.*comment "whyrelay" # handle //p\' | head -n 1)"'
)
LONG = f"sudo nft insert rule inet host input udp dport 41641 accept comment 'two words' && {UNDO}"


@pytest.mark.parametrize("width", [20, 30, 40, 58, 78, 118])
def test_a_shell_reads_the_same_words(width: int) -> None:
    shown = continued(LONG, "sh", width)
    assert shlex.split(shown.replace(" \\\n", " ")) == shlex.split(LONG)
    words = 'for each in "$@"; do printf "<%s>" "$each"; done'
    plain = "set -- accept comment 'two  words' \"$HOME and more\" a\\ b and so on to the end"
    for shell in filter(shutil.which, ("dash", "bash", "busybox")):
        call = [shell, "sh", "-c"] if shell == "busybox" else [shell, "-c"]
        one, two = (
            subprocess.run([*call, f"{text}\n{words}"], capture_output=True, check=True).stdout
            for text in (plain, continued(plain, "sh", width))
        )
        assert one == two


@pytest.mark.parametrize("width", [20, 40, 78])
def test_no_line_is_wider_where_it_can_be_broken(width: int) -> None:
    text = "tailscale set " + " ".join(f"--option-{number}=on" for number in range(12))
    lines = continued(text, "sh", width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert len(continued(text, "sh", 400).splitlines()) == 1


def test_each_shell_has_its_own_sign_and_quoted_text_is_left_alone() -> None:
    text = (
        'Get-NetFirewallRule -DisplayName "Tailscale rules of old" | Select-Object Enabled,Action'
    )
    lines = continued(text, "powershell", 60).splitlines()
    assert [line[-2:] for line in lines[:-1]] == [" `"]
    assert '"Tailscale rules of old"' in lines[0]
    assert continued(text, "cmd", 60) == text, "a shell that is not known: as it is"
    assert continued("a\nb c", "sh", 60) == "a\nb c"
