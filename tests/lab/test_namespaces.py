"""The lab shows nothing of the host, and goes away whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lab.internet import TOP, python_env
from tests.lab.namespaces import Lab, await_until

_MAKE_AND_WAIT = """
import sys
from tests.lab.namespaces import Lab
with Lab() as lab:
    lab.machine("device").start(("sleep", "1000"))
    print(lab.sh("readlink /proc/self/ns/pid").strip(), lab.folder, flush=True)
    sys.stdin.read()
"""


def process_namespaces() -> set[str]:
    """The process namespaces that any process of this system is in."""
    script = "for space in /proc/[0-9]*/ns/pid; do readlink $space; done"
    found = subprocess.run(("sh", "-c", script), capture_output=True, text=True, check=False)
    return set(found.stdout.split())


def test_machines_see_their_own_network_alone(lab: Lab) -> None:
    near, far = lab.machine("near"), lab.machine("far")
    lab.link(near, "left", far, "right")
    for machine, interface in ((near, "left"), (far, "right")):
        shown = machine.run(("ls", "/sys/class/net")).stdout.split()
        assert sorted(shown) == sorted(["lo", interface])
    assert lab.sh("ls /sys/class/net; ip -o link | wc -l").split()[-1] == "1"


def test_names_do_not_resolve_and_do_not_make_one_wait(lab: Lab) -> None:
    machine = lab.machine("device")
    code = "import socket, time; began = time.monotonic()\n"
    code += "try: socket.getaddrinfo('relay.lab.example', 443)\n"
    code += "except socket.gaierror: print(time.monotonic() - began)"
    assert float(machine.run((sys.executable, "-c", code)).stdout) < 1.0


def test_nothing_outlives_the_lab(lab: Lab) -> None:
    inside = lab.sh("readlink /proc/self/ns/pid").strip()
    lab.machine("device").start(("sleep", "1000"))
    assert inside in process_namespaces()
    lab.close()
    assert inside not in process_namespaces()
    assert not lab.folder.exists()


def test_nothing_outlives_a_killed_maker(lab: Lab) -> None:
    with subprocess.Popen(
        (sys.executable, "-c", _MAKE_AND_WAIT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=python_env(),
        cwd=TOP,
    ) as maker:
        assert maker.stdout is not None
        inside, folder = maker.stdout.readline().split()
        assert inside in process_namespaces()
        maker.kill()
        await_until("the processes are gone", lambda: inside not in process_namespaces())
        await_until("the folder is gone", lambda: not Path(folder).exists())
