"""What each option of a decision on training over a WAN is expected to bring: public knowledge."""

from typing import NamedTuple

from edgesim.twin.training.wan.newcomer import Newcomer
from edgesim.twin.training.wan.plans import count_of
from edgesim.twin.training.wan.workload import Request, WANTraining

__all__ = ["Expected", "Outlook"]

_LONG_S = 1e4  # what is expected to take longer takes so long


class Expected(NamedTuple):
    """What an option is expected to bring, by the rates as they are now.

    Attributes:
        delay_s: until the newcomer trains; of a ring, the step.
        idle_s: node-seconds in which those who train wait, or work that is lost.
        sources: how many send.
    """

    delay_s: float
    idle_s: float
    sources: int


class Outlook:
    """The options of the decision at hand.

    Args:
        twin: the workload at a decision.

    Attributes:
        expected: by option, see :class:`Expected`.
    """

    def __init__(self, twin: WANTraining, request: Request) -> None:
        self._twin = twin
        self._size = len(twin.present)
        self._step_s = twin.steps.last_s or twin.monitor.step_s(twin.present)
        self.expected: dict[str, Expected] = {}
        newcomer = request.newcomer
        if request.kind == "ring":
            self.expected = {
                "keep": Expected(_at_most(twin.monitor.step_s(twin.present)), 0.0, 0),
                "tour": Expected(_at_most(twin.monitor.step_s(twin.tour())), 0.0, 0),
            }
        elif newcomer is not None:
            kinds = {"join": self._join, "replan": self._replan, "catch_up": self._catch_up}
            kinds.get(request.kind, self._admit)(newcomer, request.options)

    def _join(self, newcomer: Newcomer, options: tuple[str, ...]) -> None:
        twin = self._twin
        scenario = twin.scenario
        state, count = scenario.training.state_bytes, self._size
        sources = twin.scale_out.sources(newcomer)
        load_s = state / scenario.institutions.load_bytes_per_s
        rest_s = max(self._step_s - twin.steps.elapsed(), 0.0)
        pulls = {k: sources.pull_s(state, k) for k in {1, 2, 4, len(sources.nodes)} if k}
        for option in options:
            if option == "restart":
                centre = twin.world.access_bps[twin.world.centre] / 8
                takes_s = state / centre + pulls[1] + scenario.churn.restart_s
                lost_s = twin.steps.elapsed()
                told = Expected(_at_most(takes_s), _at_most(takes_s + lost_s) * count, 1)
            elif option == "centre":
                takes_s = rest_s + pulls[1] + load_s
                told = Expected(_at_most(takes_s), _at_most(pulls[1] + load_s) * count, 1)
            else:
                k = count_of(option, len(sources.nodes))
                takes_s = pulls.get(k, _LONG_S)
                if option.startswith("twice"):
                    takes_s = sources.pull_s(2 * state, k)
                if option.startswith("equal"):
                    slowest = float(sources.together_bytes_s(k).min())
                    takes_s = state / k / max(slowest, 1e-9)
                if option.startswith("pause"):
                    idle_s = _at_most(takes_s + load_s) * count
                    told = Expected(_at_most(rest_s + takes_s + load_s), idle_s, k)
                else:
                    told = Expected(_at_most(takes_s + load_s + self._step_s / 2), 0.0, k)
            self.expected[option] = told

    def _replan(self, newcomer: Newcomer, options: tuple[str, ...]) -> None:
        twin, pull = self._twin, newcomer.pull
        sources = twin.scale_out.sources(newcomer)
        left = newcomer.lost_bytes + (0.0 if pull is None else pull.lacking_bytes())
        count = len(sources.nodes)
        known: dict[tuple[int, bool], Expected] = {}  # of options that are expected to be alike
        for option in options:
            if option == "keep":
                lacking = {} if pull is None else pull.lacking_by_source()
                rates = dict(zip(sources.nodes, sources.alone_bytes_s.tolist(), strict=True))
                ends = [size / max(rates.get(node, 0.0), 1e-9) for node, size in lacking.items()]
                told = Expected(_at_most(max(ends, default=0.0)), 0.0, len(lacking))
            else:
                k, twice = count_of(option, count), option.startswith("twice")
                seen = known.get((k, twice))
                if seen is None:
                    takes_s = sources.pull_s(2 * left if twice else left, k) if k else _LONG_S
                    seen = known[k, twice] = Expected(_at_most(takes_s), 0.0, k)
                told = seen
            self.expected[option] = told

    def _catch_up(self, newcomer: Newcomer, options: tuple[str, ...]) -> None:
        twin = self._twin
        size = twin.scale_out.missed(newcomer) * twin.scenario.training.gradient_bytes
        sources = twin.scale_out.sources(newcomer)
        pull_s = sources.pull_s(size, len(sources.nodes)) if sources.nodes else _LONG_S
        rest_s = max(self._step_s - twin.steps.elapsed(), 0.0)
        more_s = self._step_s if pull_s > rest_s else 0.0  # another step is missed meanwhile
        known = {
            "catch_up": Expected(_at_most(max(pull_s, rest_s) + more_s), 0.0, 0),
            "wait": Expected(
                _at_most(max(pull_s, rest_s)),
                _at_most(max(pull_s - rest_s, 0.0)) * self._size,
                0,
            ),
        }
        self.expected = {option: known[option] for option in options}

    def _admit(self, newcomer: Newcomer, options: tuple[str, ...]) -> None:
        elapsed_s = self._twin.steps.elapsed()
        rest_s = max(self._step_s - elapsed_s, 0.0)
        self.expected = {
            "boundary": Expected(_at_most(rest_s), 0.0, 0),
            "now": Expected(0.0, elapsed_s * self._size, 0),
        }


def _at_most(seconds: float) -> float:
    return min(float(seconds), _LONG_S)
