"""What decides in an AIGC world, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.aigc.policies"

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
