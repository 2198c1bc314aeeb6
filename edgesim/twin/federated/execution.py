"""A round's program on the twin's nodes and links, as SimPy processes."""

from collections.abc import Generator, Hashable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from simpy.events import Event, Process

from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.federated.program import (
    Branch,
    Chain,
    Decide,
    Par,
    Program,
    Reduce,
    Repeat,
    Send,
    Seq,
    Train,
)
from edgesim.twin.federated.world import FederatedWorld
from edgesim.twin.network.network import Network

__all__ = ["Execution"]

Going = Generator[Event, Any, bool]
"""A part that goes on: it ends with whether it was done."""


class Execution:
    """One program at work.

    A node that is down neither trains nor averages. A transfer that a failure holds up is waited
    for ``patience_s``; after that its part has failed, and nothing waits for it any more.

    Args:
        clock: the twin's clock.
        network: the twin's network.
        world: nodes and speeds.
        failures: how often each node has failed so far; kept up by the workload.
        account: bytes of programs that have crossed each link; added to.

    Attributes:
        done: labels of branches that were done, with when, s.
        failed: labels of those that were not.
        chains: of each chain, the devices whose training came back.
    """

    def __init__(
        self,
        clock: Clock,
        network: Network,
        world: FederatedWorld,
        failures: dict[int, int],
        account: list[float],
    ) -> None:
        self._clock, self._network, self._world = clock, network, world
        self._failures, self._account = failures, account
        self._reduce_flops = world.scenario.compute.reduce_flops
        self.done: dict[Hashable, float] = {}
        self.failed: set[Hashable] = set()
        self.chains: dict[Hashable, list[int]] = {}

    def run(self, program: Program) -> Going:
        """The program as a process; it ends with whether all but its branches was done."""
        match program:
            case Send(source, target, size):
                going = self._send(source, target, size)
            case Train() | Reduce() | Decide():
                going = self._work(program)
            case Seq(steps):
                going = self._in_order(steps)
            case Repeat(times, step):
                going = self._in_order(repeat(step, times))
            case Par(steps):
                going = self._at_once(steps)
            case Branch(label, step):
                going = self._branch(label, step)
            case Chain():
                going = self._chain(program)
        return going

    def _in_order(self, steps: Iterable[Program]) -> Going:
        for step in steps:
            if not (yield from self.run(step)):
                return False
        return True

    def _at_once(self, steps: Sequence[Program]) -> Going:
        going: list[Process] = [self._clock.process(self.run(step)) for step in steps]
        yield self._clock.all_of(going)
        return all(part.value for part in going)

    def _branch(self, label: Hashable, step: Program) -> Going:
        if (yield from self.run(step)):
            self.done[label] = self._clock.now
        else:
            self.failed.add(label)
        return True

    def _work(self, program: Train | Reduce | Decide) -> Going:
        """A node is busy; in vain where it is down, or fails meanwhile."""
        node = program.node
        match program:
            case Train(_, batches, flops):
                seconds = self._world.training_s(node, batches, flops)
            case Reduce(_, flops):
                seconds = flops / self._reduce_flops
            case Decide(_, seconds):
                pass
        before = self._failures.get(node, 0)
        if not self._network.links.node_up[node]:
            return False
        yield self._clock.timeout(seconds)
        return self._network.links.node_up[node] and self._failures.get(node, 0) == before

    def _send(self, source: int, target: int, size_bytes: float) -> Going:
        arrived = self._clock.event()
        if not self._world.fragile:
            done = partial(_succeed, arrived)
            message = self._network.messages.send(size_bytes, source, target, done)
            message.account = self._account
            yield arrived
            return True
        transfer = _Transfer(self._clock, arrived, self._world.scenario.patience_s)
        links = self._network.links
        if not links.node_up[source]:
            return False
        path = self._world.routes.paths[source][target]
        if not (links.node_up[target] and all(links.up[link] for link in path)):
            transfer.held_up()
        message = self._network.messages.send(
            size_bytes, source, target, transfer.arrived, None, transfer.held_up
        )
        message.account = self._account
        yield arrived
        return bool(arrived.value)

    def _chain(self, chain: Chain) -> Going:
        """Hand the model on, past devices that fail."""
        trained: list[int] = []  # the nodes that the model has been through
        for training in chain.trainings:
            line = yield from self._handed(trained, training.node, chain)
            if line is None:
                continue
            done = yield from self.run(training)
            trained = [*line, training.node] if done else line
        line = yield from self._handed(trained, chain.server, chain)
        if line:
            self.chains[chain.label] = [self._world.device_of(node) for node in line]
            self.done[chain.label] = self._clock.now
        else:
            self.failed.add(chain.label)
        return True

    def _handed(
        self, trained: list[int], target: int, chain: Chain
    ) -> Generator[Event, Any, list[int] | None]:
        """Send the model to a node from the last that can; the nodes that it has been through.

        None where the node cannot be reached at all. The server has the model of before.
        """
        for held in range(len(trained), -1, -1):
            source = trained[held - 1] if held else chain.server
            if source == target and not held:
                return []
            if (yield from self._send(source, target, chain.size_bytes)):
                return trained[:held]
        return None


def _succeed(arrived: Event, _: Any) -> None:
    arrived.succeed(True)


class _Transfer:
    """A transfer that failures may hold up for so long, and no longer."""

    __slots__ = ("_clock", "_over", "_patience_s")

    def __init__(self, clock: Clock, over: Event, patience_s: float) -> None:
        self._clock, self._over, self._patience_s = clock, over, patience_s

    def arrived(self, _: Any) -> None:
        if not self._over.triggered:
            self._over.succeed(True)

    def held_up(self, _: Any = None) -> None:
        self._clock.after(self._patience_s, self._give_up)

    def _give_up(self, _: Moment) -> None:
        if not self._over.triggered:
            self._over.succeed(False)
