"""What decides in an AIGC world, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.aigc.policies"

_FOLLOWS_TASKS = (
    "a scenario with a network (wireless) whose choices are providers alone"
    " (no variants, and one entry in step_shares)"
)

POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any provider, full or not", f"{_HERE}:Random"),
    "round_robin": PolicySpec("the providers one after the other", f"{_HERE}:RoundRobin"),
    "overload_avoidance": PolicySpec(
        "the provider with the most available capacity", f"{_HERE}:OverloadAvoidance"
    ),
    "nearest": PolicySpec(
        "the provider nearest to the user's site among those with room",
        f"{_HERE}:Nearest",
        requires="wireless",
    ),
    "least_latency": PolicySpec(
        "the provider that promises the result soonest among those with room",
        f"{_HERE}:LeastLatency",
        requires="wireless",
    ),
    "adaptive": PolicySpec(
        "the best by the results that came back in this episode, by lateness and by load",
        "edgesim.agents.aigc.adaptive:Adaptive",
        environment={"sees_results": True},
    ),
    "marginal_cost": PolicySpec(
        "as adaptive, less what the tasks at the provider are expected to lose by one more",
        "edgesim.agents.aigc.marginal:MarginalCost",
        requires="follows_tasks",
        needs=_FOLLOWS_TASKS,
        environment={"observation": "set"},
    ),
    "pretrained": PolicySpec(
        "weights that edgesim ships, learned in random worlds: for any providers",
        "edgesim.agents.weights.shipped:Pretrained",
        requires="follows_tasks",
        needs=_FOLLOWS_TASKS,
        environment={"observation": "set"},
    ),
    "planner": PolicySpec(
        "tries what another policy would choose, and the next best, in sampled futures of the twin",
        "edgesim.agents.planner:Planner",
        knows_hidden=True,
        environment={"reward": "priced"},
        options={
            "base": "adaptive",
            "futures": 8,
            "candidates": 3,
            "horizon_s": 10.0,
            "margin": 1e9,
        },
        around="base",
        slow=True,
        requires="follows_tasks",
        needs=_FOLLOWS_TASKS,
    ),
    "bandit": PolicySpec(
        "a contextual bandit over provider and steps: learning that is not deep",
        "edgesim.agents.aigc.bandit:trained",
        learns=True,
    ),
    "punctual_bandit": PolicySpec(
        "the bandit over quality alone, times the timeliness that the observation lets expect",
        "edgesim.agents.aigc.bandit:trained_punctual",
        learns=True,
        requires="wireless",
    ),
    "prophet": PolicySpec(
        "the best expected worth among the providers with room, hidden parameters known",
        f"{_HERE}:Prophet",
        knows_hidden=True,
    ),
    "bound": PolicySpec(
        "no policy: more than the episode can pay, by linear programming with the future known",
        "edgesim.agents.aigc.bound:episode_bound",
        knows_hidden=True,
        bound=True,
    ),
}

COLUMNS = (
    Column("quality", ("quality",), digits=3),
    Column("latency s", ("latency_s",), digits=2, requires="wireless"),
    Column("lost", ("lost", "refused")),
)
