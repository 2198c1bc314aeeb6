"""What decides in elastic training, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["LLM_COLUMNS", "LLM_POLICIES", "WAN_COLUMNS", "WAN_POLICIES"]

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
        "Chaos: from all neighbours, greedy shares by each one's own rate",
        f"{_WAN}:Greedy",
    ),
    "fixed": PolicySpec(
        "one stated option for each kind of decision, else as greedy",
        f"{_WAN}:Fixed",
        options={"join": "", "replan": "", "catch_up": "", "admit": "", "ring": ""},
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

_LLM = "edgesim.agents.training.llm_policies"

LLM_POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any option that can be run", f"{_LLM}:Random"),
    "round_robin": PolicySpec(
        "the options that can be run one after another", f"{_LLM}:RoundRobin"
    ),
    "static": PolicySpec("the setting that is best at the beginning, for ever", f"{_LLM}:Static"),
    "static_best": PolicySpec(
        "in hindsight: the one setting that is the soonest at the end",
        f"{_LLM}:StaticBest",
        knows_hidden=True,
    ),
    "batch_tracks": PolicySpec(
        "the largest batch up to the critical one, in the first layout",
        f"{_LLM}:BatchTracks",
        options={"share": 1.0},
    ),
    "fastest_parallelism": PolicySpec(
        "the first batch in the strategy believed the fastest", f"{_LLM}:FastestParallelism"
    ),
    "pollux": PolicySpec(
        "Pollux: the batch of the best goodput, in the first layout", f"{_LLM}:PolluxBatch"
    ),
    "copus": PolicySpec(
        "COPUS: batch and strategy of the best goodput, where better by 10 %",
        f"{_LLM}:Copus",
        options={"threshold": 0.1},
    ),
    "soonest": PolicySpec(
        "the setting that would end the soonest, the change counted", f"{_LLM}:Soonest"
    ),
    "bound": PolicySpec(
        "no policy: the least time, by dynamic programming with everything known",
        "edgesim.agents.training.llm_bound:episode_bound",
        knows_hidden=True,
        bound=True,
    ),
}

LLM_COLUMNS = (
    Column("overhead h", ("overhead_h",), digits=2),
    Column("switches", ("switches",), digits=1),
)
