"""What decides in elastic training, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["WAN_COLUMNS", "WAN_POLICIES"]

_WAN = "edgesim.agents.training.wan_policies"

WAN_POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any option that is there", f"{_WAN}:Random"),
    "round_robin": PolicySpec("the options that are there one after another", f"{_WAN}:RoundRobin"),
    "single": PolicySpec(
        "Elan, EDL: the state from one neighbour, training goes on", f"{_WAN}:Single"
    ),
    "equal": PolicySpec("the same share from all neighbours", f"{_WAN}:Equal"),
    "restart": PolicySpec("Pollux: a checkpoint, and all start again", f"{_WAN}:Restart"),
    "centre": PolicySpec("Autoscaling: the centre sends, and all wait", f"{_WAN}:Centre"),
    "greedy": PolicySpec(
        "Chaos: from all neighbours, greedy shares by each one's own rate", f"{_WAN}:Greedy"
    ),
    "shared": PolicySpec(
        "as greedy, by the rates that the neighbours have together", f"{_WAN}:Shared"
    ),
    "quickest": PolicySpec(
        "what is expected to leave the fewest node-seconds idle", f"{_WAN}:Quickest"
    ),
    "bound": PolicySpec(
        "no policy: more than the episode can pay, with everybody there at once",
        "edgesim.agents.training.wan_bound:episode_bound",
        knows_hidden=True,
        bound=True,
    ),
}

WAN_COLUMNS = (
    Column("samples/s", ("samples_per_s",), digits=1),
    Column("scale-out s", ("scale_out_s",), digits=1),
    Column("idle node-s", ("idle_node_s",), digits=0),
)
