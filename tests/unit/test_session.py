"""From where the person sits."""

from __future__ import annotations

import pytest

from tui.session import Session, session, this_session


@pytest.mark.parametrize(
    ("environ", "parents", "expected"),
    [
        ({}, (), Session()),
        ({}, ("bash", "sudo", "gnome-terminal-"), Session()),
        ({"SSH_CONNECTION": "192.0.2.7 50122 192.0.2.1 22"}, (), Session(True, False)),
        ({"SSH_CONNECTION": "100.101.102.103 50122 100.64.0.2 22"}, (), Session(True, True)),
        ({"SSH_CLIENT": "fd7a:115c:a1e0::5 50122 22"}, (), Session(True, True)),
        ({"SSH_CLIENT": "fe80::1%eth0 50122 22"}, (), Session(True, False)),
        ({"SSH_CONNECTION": "\x1b[31m nonsense"}, (), Session(True, False)),
        ({"SSH_TTY": "/dev/pts/3"}, (), Session(True, False)),
        ({}, ("bash", "sudo", "bash", "sshd", "systemd"), Session(True, False)),
        ({}, ("bash", "tailscaled"), Session(True, True)),
        ({}, ("mosh-server",), Session(True, False)),
    ],
)
def test_sessions(environ: dict[str, str], parents: tuple[str, ...], expected: Session) -> None:
    assert session(environ, parents) == expected


def test_this_one_can_be_read() -> None:
    assert isinstance(this_session(), Session)
