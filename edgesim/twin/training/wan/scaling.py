"""Scale-out: how an institution comes into the training, from its request to its first step."""

from collections.abc import Sequence

import numpy as np

from edgesim.twin.core.clock import Moment
from edgesim.twin.training.wan.cluster import Cluster
from edgesim.twin.training.wan.newcomer import Newcomer
from edgesim.twin.training.wan.outcomes import Joined
from edgesim.twin.training.wan.plans import Plan, Sources, count_of, shares_of
from edgesim.twin.training.wan.pull import Pull
from edgesim.twin.training.wan.ring import inserted

__all__ = ["ScaleOut"]

_ROUNDS = 3
"""Times that a newcomer catches up while training goes on, before training waits for it."""


class ScaleOut:
    """Newcomers of a workload, and a listener of the links for the rates of their pulls.

    A newcomer asks its neighbours (a round trip), and they agree on who sends what (another). It
    pulls the state, loads it, fetches the updates that it has missed meanwhile, and joins at the
    end of a step, in whose all-reduce it listens.

    Args:
        workload: whose newcomers.
    """

    def __init__(self, workload: Cluster) -> None:
        self._of = workload
        self._moved = False  # whether a look at the rates is due at this instant

    # ---- what is decided

    def decided(self, kind: str, newcomer: Newcomer, option: str) -> None:
        """A decision about a newcomer has been made."""
        if kind == "join":
            self._begin(newcomer, option)
        elif kind == "replan":
            if option != "keep":
                self._replan(newcomer, option)
        elif kind == "catch_up":
            if option == "wait":
                self._of.steps.hold(newcomer.number)
            self._update(newcomer)
        elif option == "now":
            self._enter(newcomer, at_once=True)
        else:
            newcomer.phase = "ready"
            self._of.steps.eager = True

    def _begin(self, newcomer: Newcomer, option: str) -> None:
        of = self._of
        newcomer.option = option
        if option in ("restart", "centre"):
            rounds = of.monitor.round_trip_s(newcomer.institution, [of.world.centre])
            of.steps.hold(newcomer.number)
            if option == "restart":
                of.steps.restart()  # into the pause: the step under way is lost
        else:
            sources = self.sources(newcomer)
            asked = sources.nodes[: count_of(option, len(sources.nodes))]
            rounds = of.monitor.round_trip_s(newcomer.institution, asked)
            if option.startswith("pause"):
                of.steps.hold(newcomer.number)
        newcomer.phase = "agreeing"
        delay_s = 2 * (rounds + of.scenario.churn.processing_s)
        of.clock.after(delay_s, self._agreed, newcomer)

    def _agreed(self, moment: Moment) -> None:
        newcomer: Newcomer = moment.value
        of = self._of
        waits = newcomer.option.startswith("pause") or newcomer.option == "centre"
        if waits and not of.steps.held:
            newcomer.phase = "awaiting"
        elif newcomer.option == "restart":
            newcomer.phase = "restarting"
            self._checkpoint(newcomer)
        else:
            self._pull(newcomer)

    # ---- the state

    def sources(self, newcomer: Newcomer) -> Sources:
        """Who can send to a newcomer now, the best first."""
        return self._of.monitor.sources(newcomer.institution, self._of.present)

    def _pull(self, newcomer: Newcomer) -> None:
        of = self._of
        of.steps.disturbed()
        newcomer.phase, newcomer.pull_began_s = "pulling", of.clock.now
        newcomer.has_step = of.steps.count
        sources, option = self.sources(newcomer), newcomer.option
        if option == "centre":
            option = "pull_1"
            if of.world.centre in sources.nodes:
                place = sources.nodes.index(of.world.centre)
                sources = Sources(
                    [of.world.centre],
                    sources.alone_bytes_s[place : place + 1],
                    sources.start_s[place : place + 1],
                    sources.access_bytes_s,
                )
        size = of.scenario.training.state_bytes
        plan = self._fetch(newcomer, sources, option, size)
        newcomer.sources = len(plan.sources)
        newcomer.planned_s = planned_s(plan, sources)

    def _fetch(self, newcomer: Newcomer, sources: Sources, option: str, size: float) -> Plan:
        """Begin to pull so many bytes by an option."""
        of = self._of
        training = of.scenario.training
        newcomer.lost_bytes = 0.0
        newcomer.pull = Pull(
            of.clock,
            of.twin.network.sharing,
            of.world.first + newcomer.institution,
            of.world.first,
            size,
            size / training.shards,
            training.shard_s,
            self._pulled,
            self._ended,
            newcomer,
        )
        plan = shares_of(option, sources, size, training.shards, training.shard_s)
        newcomer.pull.plan(plan, self._one_way_s(newcomer, plan))
        return plan

    def _one_way_s(self, newcomer: Newcomer, plan: Plan) -> dict[int, float]:
        monitor = self._of.monitor
        return {source: monitor.one_way_s(newcomer.institution, source) for source in plan.sources}

    def _replan(self, newcomer: Newcomer, option: str) -> None:
        of, pull = self._of, newcomer.pull
        assert pull is not None
        size = pull.lacking_bytes() + newcomer.lost_bytes
        newcomer.lost_bytes = 0.0
        if size <= 0.0:
            return
        sources = self.sources(newcomer)
        sending = set(pull.sources)
        goes_on = [node in sending for node in sources.nodes]
        sources = sources._replace(start_s=np.where(goes_on, 0.0, sources.start_s))
        training = of.scenario.training
        share = size / training.state_bytes
        shards = max(1, round(training.shards * min(share, 1.0)))
        plan = shares_of(option, sources, size, shards, training.shard_s)
        pull.plan(plan, self._one_way_s(newcomer, plan))

    def can_replan(self, newcomer: Newcomer) -> bool:
        """Whether something is pulled that could be planned anew."""
        pull = newcomer.pull
        if pull is None or newcomer.phase not in ("pulling", "updating"):
            return False
        return newcomer.lost_bytes > 0.0 or pull.lacking_bytes(most=0.0) > 0.0

    def _ended(self, newcomer: Newcomer, source: int) -> None:
        """A source has sent its share, and others have not."""
        training = self._of.scenario.training
        assert newcomer.pull is not None
        shard_bytes = training.state_bytes / training.shards
        if newcomer.pull.lacking_bytes(most=shard_bytes) > shard_bytes:
            self._of.ask("replan", newcomer)

    def _pulled(self, newcomer: Newcomer) -> None:
        of = self._of
        if newcomer.lost_bytes:
            return  # what a source that left did not send is being decided on
        newcomer.pull = None
        of.steps.disturbed()
        if newcomer.phase == "pulling":
            newcomer.pull_s = of.clock.now - newcomer.pull_began_s
            of.note("pulled", newcomer.institution, newcomer.pull_s)
            newcomer.phase = "loading"
            load_s = of.scenario.training.state_bytes / of.scenario.institutions.load_bytes_per_s
            of.clock.after(load_s, self._loaded, newcomer)
        else:
            self._updated(newcomer)

    def _loaded(self, moment: Moment) -> None:
        self._updated(moment.value)

    # ---- updates that were missed

    def missed(self, newcomer: Newcomer) -> int:
        """Steps that a newcomer's state does not know."""
        self._of.steps.wake()
        return self._of.steps.count - newcomer.has_step

    def _updated(self, newcomer: Newcomer) -> None:
        of = self._of
        missed, held = self.missed(newcomer), of.steps.held
        if not missed and held:
            self._enter(newcomer)
        elif not missed and newcomer.phase != "awaiting" and not self._holds(newcomer):
            newcomer.phase = "ready"
            of.ask("admit", newcomer)
        elif self._holds(newcomer):
            if held:
                self._update(newcomer)
            else:
                newcomer.phase = "awaiting"
        else:
            newcomer.rounds += 1
            newcomer.phase = "loading"
            of.ask("catch_up", newcomer, *(["catch_up"] if newcomer.rounds > _ROUNDS else []))

    def _holds(self, newcomer: Newcomer) -> bool:
        return self._of.steps.holds(newcomer.number)

    def _update(self, newcomer: Newcomer) -> None:
        """Pull the missed updates: a reduced gradient for each step, at most the whole state."""
        training = self._of.scenario.training
        missed = self.missed(newcomer)
        newcomer.has_step += missed
        newcomer.phase = "updating"
        if not missed:
            self._updated(newcomer)
            return
        size = min(missed * training.gradient_bytes, training.state_bytes)
        self._of.steps.disturbed()
        self._fetch(newcomer, self.sources(newcomer), "shared_all", size)

    def boundary(self) -> None:
        """A step is done: who waited for that goes on."""
        for newcomer in list(self._of.newcomers.values()):
            if newcomer.phase == "ready":
                newcomer.has_step = self._of.steps.count
                self._enter(newcomer)
            elif newcomer.phase == "awaiting":
                if newcomer.pull_s:
                    self._update(newcomer)
                else:
                    self._pull(newcomer)

    # ---- by a checkpoint

    def _checkpoint(self, newcomer: Newcomer) -> None:
        """One writes the state to the storage at the centre; the newcomer reads it from there."""
        of = self._of
        access_bps = of.world.access_bps
        writer = max(of.present, key=lambda node: access_bps[node], default=of.world.centre)
        newcomer.pull_began_s = of.clock.now
        self._send(writer, of.world.centre, self._written, newcomer)

    def _written(self, newcomer: Newcomer) -> None:
        self._send(self._of.world.centre, newcomer.institution, self._read, newcomer)

    def _send(self, source: int, target: int, done: object, newcomer: Newcomer) -> None:
        of = self._of
        first, size = of.world.first, of.scenario.training.state_bytes
        network = of.twin.network
        if not network.links.node_up[first + source]:  # the centre is down: from who trains
            source = of.present[0]
        network.sharing.send(size, first + source, first + target, done, newcomer)

    def _read(self, newcomer: Newcomer) -> None:
        of = self._of
        newcomer.pull_s = of.clock.now - newcomer.pull_began_s
        newcomer.planned_s = newcomer.pull_s
        newcomer.sources = 1
        of.clock.after(of.scenario.churn.restart_s, self._restarted, newcomer)

    def _restarted(self, moment: Moment) -> None:
        newcomer: Newcomer = moment.value
        newcomer.has_step = self._of.steps.count
        self._enter(newcomer)

    # ---- into the ring

    def _enter(self, newcomer: Newcomer, *, at_once: bool = False) -> None:
        of = self._of
        ring = inserted(of.present, newcomer.institution, of.monitor.one_way_s)
        if at_once:
            of.steps.stop()
        of.pending_ring = None
        of.set_ring(ring)
        now = of.clock.now
        delay_s = now - newcomer.asked_s
        del of.newcomers[newcomer.number]
        of.joining_idle_s += delay_s
        of.ledger.joining -= 1
        of.ledger.joined += 1
        of.ledger.training += 1
        of.outcomes.append(
            Joined(
                now,
                newcomer.institution,
                delay_s,
                newcomer.pull_s,
                newcomer.planned_s,
                newcomer.sources,
            )
        )
        of.note("join", newcomer.institution, delay_s, newcomer.option)
        of.steps.release(newcomer.number)
        of.ring_changed()

    # ---- what happens meanwhile

    def left(self, source: int) -> None:
        """An institution is gone: what it was to send is planned anew."""
        of = self._of
        for newcomer in list(of.newcomers.values()):
            pull = newcomer.pull
            if pull is None or source not in pull.sources:
                continue
            newcomer.lost_bytes += pull.lose(source)
            if newcomer.lost_bytes > 0.0:
                of.ask("replan", newcomer, "keep")
            elif not pull.sources:
                self._pulled(newcomer)

    def left_changed(self, links: Sequence[int]) -> None:
        """Links have more or less room: look at what is pulled when all of them have changed."""
        newcomers = self._of.newcomers
        self._of.monitor.moved()
        if newcomers and not self._moved and any(map(self.can_replan, newcomers.values())):
            self._moved = True
            self._of.clock.at(self._of.clock.now, self._look)

    def room_changed(self, links: Sequence[int]) -> None:
        """Nothing: :meth:`left_changed` follows."""

    def link_failed(self, link: int) -> None:
        """Nothing: transfers find other ways, and the workload is told."""

    def repaired(self) -> None:
        """Nothing, likewise."""

    def _look(self, _: Moment) -> None:
        self._moved = False
        for newcomer in list(self._of.newcomers.values()):
            if self.can_replan(newcomer):
                without = ("keep",) if newcomer.lost_bytes else ()
                self._of.ask("replan", newcomer, *without)


def planned_s(plan: Plan, sources: Sources) -> float:
    """When a plan ends by the rates that each source has by itself, s."""
    place = {node: at for at, node in enumerate(sources.nodes)}
    return max(
        float(sources.start_s[place[node]] + size / max(sources.alone_bytes_s[place[node]], 1e-9))
        for node, size in zip(plan.sources, plan.share_bytes, strict=True)
    )
