"""Single events on a world of training over a WAN, each with everything else left out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linprog

from edgesim.scenarios import resolve
from edgesim.twin.core.clock import Moment
from edgesim.twin.training.wan.outcomes import Handled, Joined
from edgesim.twin.training.wan.workload import Request, WANTraining

__all__ = ["MAPS", "MECHANISMS", "Pulled", "events", "join", "pull", "quiet"]

MAPS: dict[str, dict[str, Any]] = {
    "Germany": {"backbone.topology.source": "sndlib/germany50"},
    "GEANT": {"backbone.topology.source": "topozoo/Geant2012"},
    "drawn": {"backbone.topology.source": "gabriel", "backbone.topology.nodes": 60},
}
"""Two research networks and a drawn one, which is another for each seed."""

MECHANISMS: dict[str, tuple[str, str]] = {
    "greedy": ("pull_all", "pull_all"),
    "shared": ("shared_all", "shared_all"),
    "single": ("pull_1", "keep"),
    "equal": ("equal_all", "keep"),
    "centre": ("centre", "keep"),
    "restart": ("restart", "keep"),
}
"""What is chosen at a request to join, and where what is left can be planned anew."""

_BEGIN_S = 200.0  # when an event happens: some steps have passed
_END_S = 1200.0


def quiet(nodes: int, seed: int, keys: Mapping[str, Any]) -> Any:
    """A scenario with so many institutions that train, one more, and nothing that happens."""
    none = dict.fromkeys(("joins", "leaves", "crashes", "links"), 0.0)
    return resolve(
        "wan_training",
        {
            "world_seed": seed,
            "horizon_s": _END_S,
            "institutions.count": nodes + 1,
            "institutions.present": nodes,
            **{f"churn.{kind}_per_hour": rate for kind, rate in none.items()},
            **keys,
        },
    )


def _run(twin: WANTraining, join_option: str, replan: str) -> Joined:
    """Run to the end; how the one newcomer came to train.

    Raises:
        RuntimeError: it did not.
    """
    pick = {"join": join_option, "replan": replan}

    def choose(_: WANTraining, request: Request) -> str:
        choice = pick.get(request.kind, request.options[0])
        # Where "keep" is no option, what a source that left was to send is planned anew.
        return choice if choice in request.options else request.options[-1]

    twin.run(choose)
    for outcome in twin.outcomes:
        if isinstance(outcome, Joined):
            return outcome
    raise RuntimeError(f"by {join_option}: nobody has joined in {_END_S:g} s")


class _Ask:
    """Has an institution ask to join."""

    def __init__(self, twin: WANTraining) -> None:
        self._twin = twin

    def __call__(self, _: Moment) -> None:
        self._twin.joins(self._twin.world.institutions - 1)


def join(nodes: int, seed: int, mechanism: str, keys: Mapping[str, Any]) -> float:
    """The scale-out delay of one institution that joins those that train, s."""
    scenario = quiet(nodes, seed, keys)
    twin = WANTraining.alone(scenario, np.random.SeedSequence(seed))
    # The phase of the step in which it asks is drawn, the same for every mechanism.
    at_s = _BEGIN_S + float(np.random.default_rng(seed).uniform(0.0, 60.0))
    twin.clock.at(at_s, _Ask(twin))
    return _run(twin, *MECHANISMS[mechanism]).delay_s


class Pulled(NamedTuple):
    """A pull beside bounds, s.

    Attributes:
        seconds: what it took.
        planned_s: what the greedy planned, each neighbour by its own rate.
        fluid_s: what it would take at least, were the rates at its beginning to stay: as a fluid
            over all links at once.
    """

    seconds: float
    planned_s: float
    fluid_s: float


class _Leave:
    """Has the source that sends the most leave."""

    def __init__(self, twin: WANTraining) -> None:
        self._twin = twin

    def __call__(self, _: Moment) -> None:
        for newcomer in self._twin.newcomers.values():
            if newcomer.pull is not None and len(newcomer.pull.sources) > 1:
                self._twin.events.leave(newcomer.pull.sources[0])


def pull(
    nodes: int, seed: int, options: tuple[str, str], keys: Mapping[str, Any], leaves: bool = False
) -> Pulled:
    """One pull while nobody trains, so that shares alone matter.

    Args:
        nodes: who can send.
        seed: of world and episode.
        options: at the request, and where what is left can be planned anew.
        keys: of the scenario.
        leaves: whether the first source leaves when about a third has come.
    """
    scenario = quiet(nodes, seed, keys)
    twin = WANTraining.alone(scenario, np.random.SeedSequence(seed))
    twin.steps.hold("trial")
    twin.clock.at(_BEGIN_S, _Ask(twin))
    twin.next_decision()
    newcomer = next(iter(twin.newcomers.values()))
    twin.decide(options[0])
    fluid = _fluid_s(twin, newcomer.institution)
    if leaves:
        twin.clock.at(_BEGIN_S + fluid / 3, _Leave(twin))
    joined = _run(twin, *options)
    return Pulled(joined.pull_s, joined.planned_s, fluid)


def _fluid_s(twin: WANTraining, newcomer: int) -> float:
    """The least time of a pull over the links as they are: a maximum flow by HiGHS."""
    links = twin.twin.network.links
    paths = [twin.monitor.path(node, newcomer) or () for node in twin.present]
    used = sorted({link for path in paths for link in path})
    crosses = np.array([[link in path for path in paths] for link in used], dtype=float)
    room = np.array([links.left_bps[link] for link in used]) / 8e6
    found: Any = linprog(-np.ones(len(paths)), A_ub=crosses, b_ub=room, method="highs")
    return float(twin.scenario.training.state_bytes / (-found.fun * 1e6))


def events(nodes: int, seed: int, keys: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """A leave, a crash, a cut link and one that is joined again.

    Returns:
        of each the event, in how many seconds it was handled, and the longest round trip between
        any two institutions, s.
    """
    scenario = quiet(nodes, seed, {**keys, "horizon_s": 2 * _BEGIN_S})
    twin = WANTraining.alone(scenario, np.random.SeedSequence(seed))
    rng = np.random.default_rng(seed)
    trip_s = max(
        twin.monitor.round_trip_s(node, twin.present) for node in range(twin.world.institutions)
    )
    edges = [edge for edge in twin.world.edges if twin.events.concerns(edge)]
    edge = int(rng.choice(edges))
    for at_s, happen, what in (
        (50.0, twin.events.leave, int(rng.integers(nodes))),
        (120.0, twin.events.disconnect, edge),
        (200.0, twin.events.connect, edge),
    ):
        twin.clock.at(at_s, _Happen(happen), what)
    twin.clock.at(280.0, _Crash(twin))
    twin.run(lambda _, request: request.options[0])
    told = [outcome for outcome in twin.outcomes if isinstance(outcome, Handled)]
    return [(one.event, one.seconds, trip_s) for one in told]


class _Happen:
    def __init__(self, happen: Any) -> None:
        self._happen = happen

    def __call__(self, moment: Moment) -> None:
        self._happen(moment.value)


class _Crash:
    def __init__(self, twin: WANTraining) -> None:
        self._twin = twin

    def __call__(self, _: Moment) -> None:
        self._twin.events.crash(self._twin.present[0])
