"""What decides in virtual network embedding, by name. Nothing is imported before it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

_HERE = "edgesim.agents.vne.policies"

_PUBLISHED = {"order": "given"}
"""virne leads the links of a network in the order of their nodes, after all have hosts."""

_EMBEDDINGS = {"observation": "embeddings"}

POLICIES: dict[str, PolicySpec] = {
    "random": PolicySpec("any host from which the links find paths", f"{_HERE}:Random"),
    "first_fit": PolicySpec("the first host from which the links find paths", f"{_HERE}:FirstFit"),
    "nearest": PolicySpec(
        "the host from which the links take the least bandwidth times hops", f"{_HERE}:Nearest"
    ),
    "nrm": PolicySpec(
        "published: hosts by CPU left times bandwidth left on their links",
        f"{_HERE}:NRM",
        environment=_PUBLISHED,
    ),
    "grc": PolicySpec(
        "published: hosts by global resource capacity, theirs and their neighbours'",
        f"{_HERE}:GRC",
        environment=_PUBLISHED,
    ),
    "rw": PolicySpec(
        "published: hosts by how often a random walk visits them",
        f"{_HERE}:RandomWalk",
        environment=_PUBLISHED,
    ),
    "pl": PolicySpec(
        "published: hosts as nrm, over their hops to those chosen before",
        f"{_HERE}:PL",
        environment=_PUBLISHED,
    ),
    "nea": PolicySpec(
        "published: hosts by degree, hops and bandwidth left to those chosen before",
        f"{_HERE}:NEA",
        environment=_PUBLISHED,
    ),
    "marginal_cost": PolicySpec(
        "as nearest for the whole network, from five roots, over any links with room",
        "edgesim.agents.vne.marginal:MarginalCost",
        environment={"order": "outwards", "routing": "shortest"},
    ),
    "marginal_cost_all": PolicySpec(
        "as marginal_cost, from every root",
        "edgesim.agents.vne.marginal:MarginalCostAll",
        environment={"order": "outwards", "routing": "shortest"},
    ),
    "cheapest_embedding": PolicySpec(
        "the cheapest of embeddings grown from every virtual node at every host",
        "edgesim.agents.vne.embeddings:Cheapest",
        environment=_EMBEDDINGS,
    ),
    "random_embedding": PolicySpec(
        "any of the embeddings that agents choose from, or rejection",
        "edgesim.agents.vne.embeddings:RandomEmbedding",
        environment=_EMBEDDINGS,
    ),
    "pretrained": PolicySpec(
        "the worth of embeddings that edgesim ships, learned on GEANT, for any map",
        "edgesim.agents.weights.shipped:Pretrained",
        environment=_EMBEDDINGS,
    ),
    "bound": PolicySpec(
        "no policy: more than the episode can accept, by linear programming with the future known",
        "edgesim.agents.vne.bound:episode_bound",
        knows_hidden=True,
        bound=True,
    ),
}

COLUMNS = (
    Column("LRC", ("lrc",), digits=3),
    Column("LAR", ("lar",), digits=1),
)
