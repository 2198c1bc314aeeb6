"""Service chains under attack: what their detectors find of what comes, and what passes."""

from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host
from edgesim.twin.sfc.attack_world import AttackFabric, AttackWorld
from edgesim.twin.sfc.bursts import Bursts
from edgesim.twin.sfc.chain import Chain
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["AttackWorkload"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MEMORY_S = 60.0
"""How long alarms are remembered, s: their weight falls to a third in that time [chosen]."""


class AttackWorkload(SFCWorkload):
    """One episode of requests for service chains whose flows are attacked in bursts.

    A request is decided once: an operating point and the instances of its chain. Then its flows
    come as a Poisson process, those of a burst as attacks of its kind, and the detector finds each
    as its confusion matrix has it (a multinomial draw). It is looked every ``qos_period_s`` and
    when a chain ends.

    Attributes:
        bursts: those of the episode.
        found: flows by operating point, true kind and kind found (0: benign), shape (points,
            kinds + 1, kinds + 1).
        damage, stopped: QoE lost to attacks that passed and to false alarms, so far.
        alarms: share of each slice's inspected flows found as each kind of attack, of late,
            shape (slices, kinds): what an operator sees.
    """

    name = "sfc_attack"
    world: AttackWorld
    fabric: AttackFabric

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        super().start(twin, streams, log)
        world, scenario = self.world, self.world.scenario
        kinds, slices = len(world.damage), len(world.shares)
        self._burst_rng = streams["attacks"]
        self._luck = streams["detection"]
        self.bursts = Bursts(scenario, self._burst_rng, 0.0, self.length_s)  # type: ignore[arg-type]
        self.found: Ints = np.zeros(
            (len(world.operating_points), kinds + 1, kinds + 1), dtype=np.int64
        )
        self.damage = self.stopped = 0.0
        self._seen_s: dict[int, float] = {}  # until when each running chain's flows are counted
        self._number = {point.name: number for number, point in enumerate(world.operating_points)}
        self._alarmed = np.zeros((slices, kinds))
        self._inspected = np.zeros(slices)

    def take(self, point: int, choices: list[int]) -> None:
        """Build the chain of the request at hand, its flows inspected at an operating point.

        Args:
            point: its number in ``world.operating_points``.
            choices: an instance of each stage.

        Raises:
            RuntimeError: there is no request to decide.
        """
        request = self.request
        if request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        self.fabric.point[request.number] = self.world.operating_points[point]
        for choice in choices:
            self.choose(choice)
            if self.request is not request:
                return

    def choose(self, choice: int) -> None:
        """See :class:`edgesim.twin.sfc.workload.SFCWorkload`; the first operating point where none
        was taken.
        """
        request = self.request
        if request is not None:
            self.fabric.point.setdefault(request.number, self.world.operating_points[0])
        super().choose(choice)

    @property
    def alarms(self) -> Floats:
        """See the class."""
        return self._alarmed / np.maximum(self._inspected, 1.0)[:, None]

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        super().resample()
        other = Bursts(self.world.scenario, self._burst_rng, 0.0, self.length_s)  # type: ignore[arg-type]
        self.bursts.goes_on_as(other, self.clock.now)

    # --- what comes and what is found -----------------------------------------------------------

    def inspect(self) -> None:
        """Count all flows up to now."""
        now = self.clock.now
        running = [(chain, admitted_s) for chain, admitted_s in self.running.values()]
        self._count(running, now)

    def _meter(self, moment: Moment) -> None:
        super()._meter(moment)
        self.inspect()
        kept = exp(-self._turns() * self._period_s / MEMORY_S)
        self._alarmed *= kept
        self._inspected *= kept

    def _close(self, chain: Chain) -> float:
        number = chain.request.number
        self._count([(chain, self.running[number][1])], self.clock.now)
        self._seen_s.pop(number, None)
        return super()._close(chain)

    def _count(self, running: list[tuple[Chain, float]], now_s: float) -> None:
        """Draw the flows of some chains since they were looked at, and what is found of them."""
        flowing = [it for it in running if not it[0].held.interrupted]
        since = [self._seen_s.get(it.request.number, admitted) for it, admitted in flowing]
        for chain, _ in running:
            self._seen_s[chain.request.number] = now_s
        if not flowing:
            return
        world, luck = self.world, self._luck
        requests = [chain.request for chain, _ in flowing]
        slices = np.array([request.kind for request in requests])
        rate_hz = np.array([world.flows_hz(request) for request in requests])
        began = np.array(since)
        attacked_s = self.bursts.attacked_s(slices, began, np.full(len(began), now_s))
        seconds = np.column_stack([now_s - began - attacked_s.sum(axis=1), attacked_s])
        flows = luck.poisson(rate_hz[:, None] * np.maximum(seconds, 0.0))
        points = np.array(
            [self._number[self.fabric.point[request.number].name] for request in requests]
        )
        shares = np.stack([point.shares for point in world.operating_points])[points]
        found = luck.multinomial(flows, shares)
        np.add.at(self.found, points, found)
        missed = found[:, 1:, 0]
        damage = missed @ world.damage
        stopped = found[:, 0, 1:].sum(axis=1) * world.attacks.false_alarm
        self.damage += float(damage.sum())
        self.stopped += float(stopped.sum())
        np.add.at(self._alarmed, slices, found[:, :, 1:].sum(axis=1))
        inspected = (
            flows.sum(axis=1) * np.array([it.batch_s > 0 for it in world.operating_points])[points]
        )
        np.add.at(self._inspected, slices, inspected)

    def words(self) -> dict[str, Any]:
        """Shares of what came in the episode, by operating point: detected, false alarms."""
        return {
            point.name: (
                int(of[1:].sum()),
                float(of[1:, 1:].sum() / max(of[1:].sum(), 1)),
                float(of[0, 1:].sum() / max(of[0].sum(), 1)),
            )
            for point, of in zip(self.world.operating_points, self.found, strict=True)
        }
