"""Every run that a practice network's file expects something of, under a condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from probes.checks.context import Check, Context
from probes.checks.registry import select
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import Diagnosis
from probes.engine import measure
from probes.model import CheckId
from probes.network.simulated import names, run_virtual
from probes.network.simulated.library import scenario
from probes.network.simulated.network import SimulatedNetwork
from probes.network.simulated.scenario import HERE, Expect, Scenario
from probes.options import Options
from probes.report import Report, report_of
from tests.engine.port_mapping import Drawer


@dataclass(frozen=True, slots=True)
class Run:
    """One network, what is asked of it, and what is to be found."""

    network: str
    ask: str
    """"" for the ordinary run."""
    expect: Expect
    options: Options

    def __str__(self) -> str:
        return f"{self.network}, {self.ask}" if self.ask else self.network


@dataclass(frozen=True, slots=True)
class Condition:
    """What makes it harder."""

    loss: float = 0.0
    """Of all packets on the device's own line, each way."""
    seed: int = 0
    left_out: CheckId | None = None
    broken: CheckId | None = None

    def __str__(self) -> str:
        if self.left_out is not None:
            return f"without {self.left_out}"
        if self.broken is not None:
            return f"{self.broken} broken"
        return f"{self.loss:.0%} loss, seed {self.seed}" if self.loss else "as it is"


AS_IT_IS = Condition()
LOSS = tuple(Condition(loss=0.1, seed=seed) for seed in (1, 2, 3))
MORE_LOSS = tuple(Condition(loss=0.1, seed=seed) for seed in range(1, 11))
"""For the figure: three throws of the dice have missed what one in thirty meets."""
WITHOUT = tuple(Condition(left_out=check) for check in CheckId)
BROKEN = tuple(Condition(broken=check) for check in CheckId)


@cache
def runs() -> tuple[Run, ...]:
    """All of them, each network's ordinary one first."""
    return tuple(_runs())


def _runs() -> Iterator[Run]:
    for name in names():
        found = scenario(name)
        assert found.expect is not None
        yield Run(name, "", found.expect, Options())
        for ask, spec in found.ask.items():
            options = Options(
                peer=spec.peer,
                map_test=spec.map_test,
                opt_in=frozenset(spec.opt_in),
                journal=Drawer().journal,
            )
            yield Run(name, ask, spec.expect, options)


@dataclass(frozen=True, slots=True)
class _Broken:
    """A check that breaks before it has found anything."""

    id: CheckId
    budget_ms: float = 1000.0

    async def run(self, context: Context) -> None:
        raise RuntimeError(f"{self.id} is broken on purpose")


@cache
def conclude(run: Run, condition: Condition = AS_IT_IS) -> tuple[Report, Diagnosis]:
    """Measure, and what follows."""
    options = run.options
    if condition.left_out is not None:
        options = replace(options, skip=frozenset({condition.left_out}))
    checks, skipped = select(options)
    made: list[Check] = [
        _Broken(each.id) if each.id is condition.broken else each for each in checks
    ]
    network = SimulatedNetwork(_harder(scenario(run.network), condition), run.network)

    async def measured() -> Report:
        return report_of([event async for event in measure(network, tuple(made), options, skipped)])

    report = run_virtual(measured())
    return report, diagnose(report, run.options.peer)


def _harder(found: Scenario, condition: Condition) -> Scenario:
    if not condition.loss:
        return found
    host = found.host[HERE]
    interfaces = {
        name: replace(face, line=replace(face.line, loss=max(face.line.loss, condition.loss)))
        for name, face in host.interface.items()
    }
    here = replace(host, interface=interfaces)
    seed = found.seed + condition.seed
    return replace(found, host={**found.host, HERE: here}, seed=seed)
