"""A lab: one process tree in namespaces of its own, with named machines (network namespaces) in it.

Everything in a lab hangs on one process, the keeper, which is process 1 of the lab's own process
namespace and lives only as long as the pipe to it is open. When the Python that made the lab ends,
for whatever reason, the pipe closes, the keeper ends, and the kernel takes away every process,
mount, interface and rule of the lab. Nothing of the host's network is visible in it or changed.
"""

from __future__ import annotations

import functools
import itertools
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

START_LIMIT_S = 20.0
"""Longest wait for something to become ready. Generous: it only ends a test that fails anyway."""

# The first line is read before /proc is replaced: it still shows the process id outside.
# `ip netns` keeps its names in /run/netns. Names resolve through a stub on the machine's own
# loopback, as with systemd-resolved; where a site runs none there, they fail at once.
_KEEPER = """
set -eu
read -r pid rest </proc/self/stat
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
[ -L /var/run ] || mount -t tmpfs tmpfs /var/run
mkdir -p /var/run/netns
printf 'nameserver 127.0.0.53\\noptions timeout:1 attempts:1\\n' >"$1/resolv.conf"
resolv=$(readlink -m /etc/resolv.conf)
case $resolv in /run/*|/var/run/*) mkdir -p "${resolv%/*}"; : >"$resolv";; esac
[ ! -e "$resolv" ] || mount --bind "$1/resolv.conf" "$resolv"
ip link set lo up
echo "$pid"
cat >/dev/null
rm -rf "$1"
"""


class LabError(Exception):
    """The lab itself broke (never the program under test)."""


@functools.cache
def unshare() -> tuple[str, ...] | None:
    """The command that makes the namespaces here, or None where nothing works.

    A user namespace comes first, also for root: no power over the host is needed or kept.
    """
    spaces = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child")
    for command in ((*spaces, "--user", "--map-root-user"), spaces):
        try:
            tried = subprocess.run(
                (*command, "mount", "-t", "tmpfs", "tmpfs", "/run"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=START_LIMIT_S,
                check=False,
            )
        except OSError:
            return None
        if tried.returncode == 0:
            return command
    return None


@dataclass(slots=True)
class Running:
    """A process inside a lab."""

    popen: subprocess.Popen[str]
    log: Path
    """Where its standard error goes."""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself (not to the nsenter that waits for it)."""
        children = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children")
        for child in children.read_text().split():
            os.kill(int(child), number)

    def line(self, limit_s: float = START_LIMIT_S) -> str:
        """The next line of its standard output. Raises LabError when none comes."""
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], limit_s)
        text = self.popen.stdout.readline() if ready else ""
        if not text:
            raise LabError(f"{self.popen.args!r} said nothing: {self.log.read_text()}")
        return text.rstrip("\n")

    def stop(self) -> None:
        """End it."""
        if self.popen.poll() is None:
            self.signal(signal.SIGKILL)
        self.popen.wait(START_LIMIT_S)
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()


@dataclass(slots=True)
class Lab:
    """The namespaces. Use it as a context manager."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="whyrelay-lab-")))
    """A folder of its own, seen inside under the same name, removed at the end."""
    machines: dict[str, Machine] = field(default_factory=dict)
    _keeper: subprocess.Popen[str] | None = None
    _enter: tuple[str, ...] = ()
    _running: list[Running] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    """Of logs: machines may be set up side by side, in threads."""

    def __enter__(self) -> Lab:
        command = unshare()
        if command is None:
            raise LabError("no namespaces can be made here")
        self._keeper = subprocess.Popen(
            (*command, "sh", "-c", _KEEPER, "keeper", str(self.folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stderr is not None
        pid = self._keeper.stdout.readline().strip()
        if not pid:
            fault = self._keeper.stderr.read()
            self.close()
            raise LabError(f"the lab's keeper did not start: {fault}")
        spaces = ["--net", "--mount", "--pid"]
        if "--user" in command:
            spaces += ["--user", "--preserve-credentials"]
        self._enter = ("nsenter", "--target", pid, *spaces, "--")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the lab and remove its folder."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            assert keeper.stdin is not None
            keeper.stdin.close()  # the keeper's life hangs on this pipe
            try:
                keeper.wait(START_LIMIT_S)
            except subprocess.TimeoutExpired:
                keeper.kill()
                keeper.wait()
            for pipe in (keeper.stdout, keeper.stderr):
                if pipe is not None:
                    pipe.close()
        for process in self._running:
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def machine(self, name: str) -> Machine:
        """Make a machine: a network namespace with nothing but its loopback."""
        self.sh(f"ip netns add {name}; ip -n {name} link set lo up")
        machine = Machine(self, name)
        # Duplicate address detection would keep a new IPv6 address unusable for a second or two.
        # IPv4's settings come from the host: those that matter here are set.
        machine.sysctl(
            {
                "ipv6.conf.default.accept_dad": "0",
                "ipv6.conf.default.accept_ra": "0",
                "ipv4.conf.all.rp_filter": "0",
                "ipv4.conf.default.rp_filter": "0",
            }
        )
        self.machines[name] = machine
        return machine

    def link(self, near: Machine, near_name: str, far: Machine, far_name: str) -> None:
        """A cable between two machines: an interface at each end, up."""
        self.sh(
            f"ip -n {near.name} link add {near_name} type veth peer name {far_name}"
            f" netns {far.name}\n"
            f"ip -n {near.name} link set {near_name} up\n"
            f"ip -n {far.name} link set {far_name} up"
        )

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The command that runs `argv` in the lab, beside all machines."""
        return (*self._enter, *argv)

    def sh(self, script: str) -> str:
        """Run a shell script in the lab, to its end; what it printed. Raises LabError."""
        return _finish(self.command(("sh", "-euc", script)))

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> Running:
        """Start a process in the lab, beside all machines. See `Machine.start`."""
        return self.spawn(self.command(argv), env=env, stdin=stdin)

    def spawn(
        self, command: Sequence[str], *, env: Mapping[str, str] | None, stdin: str | None
    ) -> Running:
        """Start a command that enters the lab by itself."""
        log = self.folder / f"process-{next(self._numbers)}.log"
        with log.open("w") as errors:
            popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=None if env is None else dict(env),
                text=True,
                start_new_session=True,  # a ctrl+c in the terminal is pytest's to deal with
            )
        process = Running(popen, log)
        self._running.append(process)
        if popen.stdin is not None and stdin is not None:
            popen.stdin.write(stdin)
            popen.stdin.close()
        return process


@dataclass(frozen=True, slots=True)
class Machine:
    """A named network namespace: a host or a router."""

    lab: Lab
    name: str

    def command(self, argv: Sequence[str], *, folder: Path | None = None) -> tuple[str, ...]:
        """The command that runs `argv` on this machine, in `folder` if one is named."""
        inside = argv if folder is None else ("env", "-C", str(folder), *argv)
        return self.lab.command(("ip", "netns", "exec", self.name, *inside))

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        limit_s: float = 60.0,
        folder: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on this machine to its end, whatever its exit status."""
        return subprocess.run(
            self.command(argv, folder=folder),
            input=stdin,
            env=None if env is None else dict(env),
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
            start_new_session=True,
        )

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> Running:
        """Start a program on this machine and leave it running until the lab ends."""
        return self.lab.spawn(self.command(argv), env=env, stdin=stdin)

    def ip(self, script: str) -> None:
        """Run commands of `ip`, one a line (``address add … dev …``)."""
        _finish(self.lab.command(("ip", "-n", self.name, "-batch", "-")), script)

    def nft(self, rules: str) -> None:
        """Load nftables rules."""
        _finish(self.command(("nft", "-f", "-")), rules)

    def sysctl(self, settings: Mapping[str, str]) -> None:
        """Write settings below ``net.``."""
        lines = (
            f"echo '{value}' >/proc/sys/net/{name.replace('.', '/')}"
            for name, value in settings.items()
        )
        _finish(self.command(("sh", "-euc", "\n".join(lines))))


def await_until(
    true: str, ask: Callable[[], bool], limit_s: float = START_LIMIT_S, every_s: float = 0.02
) -> None:
    """Wait until `ask` says yes; `true` names the condition. Raises LabError."""
    until = time.monotonic() + limit_s
    while not ask():
        if time.monotonic() > until:
            raise LabError(f"not within {limit_s:.0f} s: {true}")
        time.sleep(every_s)


def _finish(command: Sequence[str], stdin: str = "") -> str:
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=START_LIMIT_S, check=False
    )
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip()}\n{stdin}")
    return done.stdout
