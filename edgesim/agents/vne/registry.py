"""What decides in virtual network embedding, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.vne.policies"

POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any host from which the links find paths", f"{_HERE}:Random"),
    "first_fit": PolicySpec("the first host from which the links find paths", f"{_HERE}:FirstFit"),
    "nearest": PolicySpec(
        "the host from which the links take the least bandwidth times hops", f"{_HERE}:Nearest"
    ),
    "nrm": PolicySpec(
        "published: hosts by CPU left times bandwidth left on their links", f"{_HERE}:NRM"
    ),
    "grc": PolicySpec(
        "published: hosts by global resource capacity, theirs and their neighbours'", f"{_HERE}:GRC"
    ),
    "rw": PolicySpec(
        "published: hosts by how often a random walk visits them", f"{_HERE}:RandomWalk"
    ),
    "pl": PolicySpec(
        "published: hosts as nrm, over their hops to those chosen before", f"{_HERE}:PL"
    ),
    "nea": PolicySpec(
        "published: hosts by degree, hops and bandwidth left to those chosen before", f"{_HERE}:NEA"
    ),
}

COLUMNS = (
    Column("LRC", ("lrc",), digits=3),
    Column("LAR", ("lar",), digits=1),
)
