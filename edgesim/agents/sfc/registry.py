"""What decides in a world of service chains, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.sfc.policies"

POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any instance, whether it can hold or not", f"{_HERE}:Random"),
    "round_robin": PolicySpec(
        "the instances of each VNF one after the other", f"{_HERE}:RoundRobin"
    ),
    "overload_avoidance": PolicySpec(
        "the instance to which the way has the most residual bandwidth",
        f"{_HERE}:OverloadAvoidance",
    ),
    "shortest_delay": PolicySpec(
        "the nearest instance to which the way holds", f"{_HERE}:ShortestDelay"
    ),
    "violent": PolicySpec(
        "the authors' brute force: the chain of the best QoE, none where that is not positive",
        f"{_HERE}:Violent",
    ),
    "greedy": PolicySpec(
        "the chain of the best QoE for the request, exact by dynamic programming",
        f"{_HERE}:Greedy",
    ),
    "load_aware": PolicySpec(
        "the chain of the best QoE less a price of scarce bandwidth",
        f"{_HERE}:LoadAware",
    ),
    "load_aware_admission": PolicySpec(
        "as load_aware at a higher price; rejects what then is worth less than a rejection",
        f"{_HERE}:LoadAwareAdmission",
        requires="admission_control",
    ),
    "random_chain": PolicySpec(
        "any of the chains that agents choose from, or a rejection",
        "edgesim.agents.sfc.chains:RandomChain",
        environment={"observation": "chains"},
    ),
    "marginal_cost": PolicySpec(
        "the chain that adds most to the expected QoE of all that run, none where that is negative",
        "edgesim.agents.sfc.chains:MarginalCost",
        requires="network",
        environment={"observation": "chains"},
    ),
    "pretrained": PolicySpec(
        "weights that edgesim ships, learned in random worlds: for any network",
        "edgesim.agents.weights.shipped:Pretrained",
        requires="network",
        environment={"observation": "chains"},
    ),
    "planner": PolicySpec(
        "tries what another policy would choose, and the next best, in sampled futures of the twin",
        "edgesim.agents.planner:Planner",
        knows_hidden=True,
        environment={"reward": "marginal"},
        around="base",
        options={
            "base": "marginal_cost",
            "futures": 4,
            "candidates": 3,
            "horizon_s": 20.0,
            "margin": 0.1,
        },
        slow=True,
        requires="network",
    ),
    "bound": PolicySpec(
        "no policy: more than the episode can pay, by linear programming with the future known",
        "edgesim.agents.sfc.bound:episode_bound",
        knows_hidden=True,
        bound=True,
    ),
}

COLUMNS = (
    Column("QoE", ("qoe",), digits=3),
    Column("rejected", ("rejected",), digits=4),
    Column("delay ms", ("delay_ms",), digits=1),
    Column("dropped", ("dropped",), digits=4, requires="network"),
)
