"""What decides for a ring that serves, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.ring.policies"

_ALL = {"draft": 1, "wait": 0.7}
"""Options of all that send requests by what was measured; see their common class."""

POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any action that is meant", f"{_HERE}:Random"),
    "round_robin": PolicySpec(
        "the ring and the small model by turns, under the best static plan", f"{_HERE}:RoundRobin"
    ),
    "static_halda": PolicySpec(
        "prima.cpp: Halda's plan, made once", f"{_HERE}:StaticHalda", options=_ALL
    ),
    "static_best": PolicySpec(
        "the plan that is best where all memories are free, kept",
        f"{_HERE}:StaticBest",
        options=_ALL,
    ),
    "single": PolicySpec("llama.cpp on the best single device", f"{_HERE}:Single", options=_ALL),
    "exo": PolicySpec("exo: layers in proportion to memory, pinned", f"{_HERE}:Exo", options=_ALL),
    "dllama": PolicySpec(
        "dllama: slices of all layers on every device", f"{_HERE}:DLLama", options=_ALL
    ),
    "every_change": PolicySpec(
        "the fastest plan by what was measured, at each tick",
        f"{_HERE}:EveryChange",
        options=_ALL,
    ),
    "threshold": PolicySpec(
        "the fastest plan, where the present one takes so many times as long",
        f"{_HERE}:Threshold",
        options={"factor": 1.3, **_ALL},
    ),
    "greedy": PolicySpec(
        "the plan that makes the most tokens until so much later, its change included",
        f"{_HERE}:Greedy",
        options={"ahead_s": 120.0, **_ALL},
    ),
    "value_iteration": PolicySpec(
        "the plan that is best in the long run, were memories all that changes",
        f"{_HERE}:ValueIteration",
        options=_ALL,
    ),
    "bound": PolicySpec(
        "no policy: more than the episode can pay, each request alone on the fastest plan",
        "edgesim.agents.ring.bound:episode_bound",
        knows_hidden=True,
        bound=True,
    ),
}

COLUMNS = (
    Column("goodput", ("goodput",), digits=2),
    Column("in time", ("in_time",), digits=2),
    Column("plans", ("replans",), digits=1),
)
