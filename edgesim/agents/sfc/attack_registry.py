"""What decides in a world of service chains under attack, by name."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.sfc.attack_policies"

POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any option that is there, or a rejection", f"{_HERE}:Random"),
    "round_robin": PolicySpec("one operating point after the other", f"{_HERE}:RoundRobin"),
    "fixed": PolicySpec(
        "one operating point for every chain (fixed:point=off)",
        f"{_HERE}:Fixed",
        options={"point": "off"},
    ),
    "cheapest": PolicySpec(
        "inspects every chain at the least CPU time a flow, one by one", f"{_HERE}:Cheapest"
    ),
    "strictest": PolicySpec(
        "the operating point that lets the least damage pass, for every chain", f"{_HERE}:Strictest"
    ),
    "best_detector": PolicySpec(
        "the operating point whose misses and false alarms cost least, whatever it takes",
        f"{_HERE}:BestDetector",
    ),
    "by_slice": PolicySpec(
        "the best operating point of each slice for its usual request", f"{_HERE}:BySlice"
    ),
    "load_aware": PolicySpec(
        "the option worth most less a price of what is scarce, or a rejection",
        f"{_HERE}:LoadAware",
        options={"price": 24.0},
    ),
    "bound": PolicySpec(
        "no policy: more than the episode can pay on average, with requests and bursts known",
        "edgesim.agents.sfc.attack_bound:attack_bound",
        knows_hidden=True,
        bound=True,
    ),
}

COLUMNS = (
    Column("QoE", ("qoe",), digits=3),
    Column("damage", ("damage",), digits=3),
    Column("alarms", ("false_alarms",), digits=3),
    Column("detected", ("detected_share",), digits=3),
    Column("rejected", ("rejected",), digits=3),
)
