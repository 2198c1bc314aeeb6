"""What decides in the siblings of FL-v0, and what silos try, by name; imported when it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["PARALLEL", "SIBLING_COLUMNS", "SILO_COLUMNS", "SILO_METHODS", "SILO_METRICS", "SYNC"]

_SIBLINGS = "edgesim.agents.federated.siblings"
_SILOS = "edgesim.methods.federated.silos.training"

PARALLEL: dict[str, PolicySpec] = {
    "random": PolicySpec("any number of groups", f"{_SIBLINGS}:Random"),
    "sequential": PolicySpec("one group", f"{_SIBLINGS}:Always"),
    "fixed": PolicySpec("the same number of groups", f"{_SIBLINGS}:Always", options={"choice": 1}),
    "parallel": PolicySpec(
        "as many groups as devices", f"{_SIBLINGS}:Always", options={"choice": -1}
    ),
    "growing": PolicySpec("ever more groups, over the time budget", f"{_SIBLINGS}:Growing"),
}
"""Of ``edgesim/FLParallel-v0``."""

SYNC: dict[str, PolicySpec] = {
    "random": PolicySpec("any of the five", f"{_SIBLINGS}:Random"),
    "all": PolicySpec("all parameters in 32 bits", f"{_SIBLINGS}:Always"),
    "eight_bit": PolicySpec("all in 8 bits", f"{_SIBLINGS}:Always", options={"choice": 1}),
    "four_bit": PolicySpec("all in 4 bits", f"{_SIBLINGS}:Always", options={"choice": 2}),
    "head": PolicySpec("the last layer alone", f"{_SIBLINGS}:Always", options={"choice": 3}),
    "alternate": PolicySpec(
        "all once in three rounds, else the head", f"{_SIBLINGS}:Alternate", options={"every": 3}
    ),
}
"""Of ``edgesim/FLSync-v0``."""

SIBLING_COLUMNS = (
    Column("accuracy", ("accuracy",), digits=3),
    Column("rounds", ("rounds",), digits=0),
    Column("edge MB", ("edge_mb",), digits=0),
    Column("WAN MB", ("wan_mb",), digits=0),
)

SILO_METHODS: dict[str, PolicySpec] = {
    "local": PolicySpec("each silo learns from its own images", f"{_SILOS}:Local"),
    "self_training": PolicySpec(
        "each silo labels public images that it is sure of, for itself", f"{_SILOS}:SelfTraining"
    ),
    "cofed": PolicySpec(
        "silos vote on public images, and learn what was accepted", f"{_SILOS}:CoFED"
    ),
    "pooled": PolicySpec(
        "no method: all labelled images in one place", f"{_SILOS}:Pooled", knows_hidden=True
    ),
}

SILO_METRICS: dict[str, str] = {
    "accuracy": "mean over silos, on test images of their classes in all hands",
    "ratio": "mean over silos of accuracy over that of the silo's own model",
    "helped": "share of the silos that are better than alone",
    "up_kb": "kB that the silos sent",
    "down_kb": "kB that they were sent",
}
"""What a row has."""

SILO_COLUMNS = (
    Column("to local", ("ratio",), digits=3),
    Column("helped", ("helped",), digits=2),
    Column("kB up", ("up_kb",), digits=0),
    Column("kB down", ("down_kb",), digits=0),
)
