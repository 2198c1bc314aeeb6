"""The twin: one network, one clock, and the workloads that live on them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.parts.events import read_events
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.forking import copied
from edgesim.twin.core.happenings import crowds_told
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.series import Gauge, Series
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Decision, Workload
from edgesim.twin.network.gauge import LinkGauge
from edgesim.twin.network.network import Network, NetworkWorld

__all__ = ["Twin"]

Policy = Callable[[Any, Any], Any]
"""A policy of the twin alone: a workload and its request to a choice."""


class Twin:
    """One episode of a world, run from decision to decision.

    Args:
        workloads: the parts, each in one twin only; where several ask at one instant, the first
            is decided first.
        seed: draws what happens in the episode. The streams of a workload depend on the seed and
            on its name alone; a single workload's have the bare names.
        network: the network that all workloads use; a single workload's own where None.
        named: whether a single workload's streams and events bear its name as those of several do.
        record: whether to keep an event log.

    Attributes:
        clock: the one clock.
        network: the one network; None where no workload needs one.
        workloads: the parts by name.
        log: the event log, None unless recorded.

    Raises:
        InputError: two workloads of one name, or one that has no place in the network.
    """

    def __init__(
        self,
        workloads: Sequence[Workload[Any, Any]],
        seed: np.random.SeedSequence,
        *,
        network: NetworkWorld | None = None,
        named: bool = False,
        record: bool = False,
    ) -> None:
        self.clock = Clock()
        self.workloads: dict[str, Workload[Any, Any]] = {}
        for workload in workloads:
            if workload.name in self.workloads:
                raise InputError("workloads", workload.name, "names must differ")
            self.workloads[workload.name] = workload
        self._parts = list(self.workloads.values())
        self.streams = Streams(seed)
        alone = len(self._parts) == 1
        if network is None and alone:
            network = self._parts[0].network_world
        self.network = None if network is None else Network(self.clock, network, self.streams)
        columns = self._parts[0].columns if alone else Workload.columns
        details = self._parts[0].details if alone else ()
        self.log = EventLog(*columns, details) if record else None
        for workload in self._parts:
            workload.sole = alone
            bare = alone and not named
            streams = self.streams if bare else self.streams.of(workload.name)
            log = self.log
            if log is not None and not bare:
                log = log.of(workload.name, *workload.columns, workload.details)
            workload.start(self, streams, log)
            if log is not None:
                log.capacities = workload.capacities
        if self.log is not None:
            self._begin_series(self.log)

    def _begin_series(self, log: EventLog) -> None:
        """Look at links, and at what the workloads have, over time."""
        for workload in self._parts:
            events = read_events(getattr(getattr(workload, "scenario", None), "events", None))
            for time_s, event, name in crowds_told(events):
                self.clock.at(time_s, self._tell, (workload.log, event, name))
        gauges: list[Gauge] = [gauge for workload in self._parts for gauge in workload.gauges()]
        if self.network is not None:
            gauges.insert(0, LinkGauge(self.clock, self.network))
        if not gauges:
            return
        length_s = max(workload.length_s for workload in self._parts)
        log.series = Series(self.clock, gauges, length_s)
        for workload in self._parts:
            if workload.log is not None:
                workload.log.series = log.series

    def _tell(self, moment: Moment) -> None:
        log, event, name = moment.value
        log.add(self.clock.now, event, -1, -1, 0.0, element=name)

    def next_decision(self) -> Decision | None:
        """Run to the next decision; None when all workloads are idle.

        A decision that has not been made is handed out again: no time passes before it is.
        """
        parts, clock = self._parts, self.clock
        while True:
            for workload in parts:
                if workload.request is not None:
                    return Decision(workload.name, workload.request, clock._now)
            busy = False
            for workload in parts:
                if workload.prepare():
                    busy = True
            if not busy or not clock.advance():
                return None

    def choose(self, choice: Any) -> None:
        """Take a choice for the decision at hand.

        Raises:
            RuntimeError: there is no decision to make.
        """
        for workload in self._parts:
            if workload.request is not None:
                workload.decide(choice)
                return
        raise RuntimeError("there is no request to decide: call next_decision() first")

    def run(self, policies: Mapping[str, Policy]) -> dict[str, Any]:
        """Run the whole episode, each workload under a policy of its own.

        Args:
            policies: by the name of the workload, any Python function of workload and request.

        Returns:
            the ledgers by name.

        Raises:
            InputError: a policy for a workload that is not there, or a workload without one.
        """
        for name in policies:
            if name not in self.workloads:
                raise InputError("policy of workload", name, did_you_mean(name, self.workloads))
        for name in self.workloads:
            if name not in policies:
                raise InputError("policies", sorted(policies), f"the workload {name} has none")
        while (decision := self.next_decision()) is not None:
            workload = self.workloads[decision.workload]
            workload.decide(policies[decision.workload](workload, decision.request))
        return {name: workload.ledger for name, workload in self.workloads.items()}

    def fork(self, seed: np.random.SeedSequence | None = None) -> "Twin":
        """A copy that goes on by itself; neither notices what becomes of the other.

        Args:
            seed: None: the copy has the same future, bit for bit, under the same choices. Otherwise
                another sampled future: requests that have not arrived, how long running chains
                last, failures, walks that have not begun, and all that is drawn later, are of this
                seed; the present, and what a trace gives, stay as they are.
        """
        twin = copied(self)
        if seed is not None:
            twin.resample(seed)
        return twin

    def resample(self, seed: np.random.SeedSequence) -> None:
        """Draw the future anew from another seed, see :meth:`fork`."""
        self.streams.reseed(seed)
        if self.network is not None:
            self.network.resample()
        for workload in self._parts:
            workload.resample()
