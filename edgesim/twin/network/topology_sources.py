"""Where topologies come from: topohub's collection, a user's file, or a generator."""

import re
import warnings
from difflib import get_close_matches
from itertools import combinations
from math import dist
from pathlib import Path

import networkx as nx
import numpy as np

from edgesim.errors import InputError
from edgesim.twin.network.gabriel import metro_graph
from edgesim.twin.network.plan import KEY, Plan, PlannedLink
from edgesim.twin.network.topology_file import FILES, is_file, read_file

__all__ = ["FILES", "GENERATORS", "WAXMAN", "generate", "is_file", "read_file", "read_topohub"]

GENERATORS = ("barabasi_albert", "gabriel", "waxman")
WAXMAN = (0.15, 0.4)
"""The (alpha, beta) of ``waxman`` where a scenario has none of its own."""

_TOPOHUB_KEY = re.compile(r"[\w.-]*\w(/[\w-]+)+", re.ASCII)


# ---- topohub


def read_topohub(key: str) -> Plan:
    """A topology of topohub's collection (SNDlib, Topology Zoo, CAIDA, backbones, Gabriel graphs).

    Ids are integers in some of them and strings in others, and not always 0, 1, …; every link has
    ``dist``, km. Positions are (lon, lat), those of its Gabriel graphs km on a plane. Eleven
    networks of SNDlib, ``sndlib/norway`` among them, have only positions in a drawing, which
    ``dist`` took for degrees: there a unit of the drawing counts as a kilometre, and links are as
    long as they are drawn.

    Raises:
        InputError: there is no such key.
    """
    import topohub

    try:
        if not _TOPOHUB_KEY.fullmatch(key):
            raise KeyError(key)
        with warnings.catch_warnings():
            # topohub leaves the file that it opens to the garbage collector.
            warnings.simplefilter("ignore", ResourceWarning)
            stored = topohub.get(key)
    except KeyError:
        raise InputError(KEY, key, _near(key)) from None
    place = {node["id"]: number for number, node in enumerate(stored["nodes"])}
    positions = [(node["pos"][0], node["pos"][1]) for node in stored["nodes"]]
    degrees = all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in positions)
    measured = degrees or key.startswith("gabriel/")
    return Plan(
        names=[str(node.get("name", node["id"])) for node in stored["nodes"]],
        positions=list(positions),
        links=[
            PlannedLink(
                place[edge["source"]], place[edge["target"]], edge["dist"] if measured else None
            )
            for edge in stored["edges"]
        ],
        geographic=degrees and not key.startswith("gabriel/"),
    )


def _near(key: str) -> str:
    """The end of a message on an unknown source: the nearest names, not all seven hundred."""
    import topohub

    data = Path(topohub.__file__).parent / "data"
    keys = sorted(
        path.relative_to(data).with_suffix("").as_posix() for path in data.rglob("*.json")
    )
    wanted = key.strip("/").lower()
    near = [known for known in keys if known.lower().rpartition("/")[2] == wanted][:2]
    if not near:
        known = {name.lower(): name for name in (*keys, *GENERATORS)}
        near = [known[name] for name in get_close_matches(wanted, known, n=2, cutoff=0.6)]
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    groups = sorted({known.partition("/")[0] for known in keys})
    return (
        f"{hint}accepted: a topohub key ({'/…, '.join(groups)}/…), a file that ends in "
        f".graphml or .gml, or a generator ({', '.join(GENERATORS)})"
    )


# ---- generators


def generate(
    name: str,
    nodes: int,
    side_km: float,
    rng: np.random.Generator,
    waxman: tuple[float, float] = WAXMAN,
) -> Plan:
    """A drawn network: switches uniform on a square, and links by a rule.

    - ``waxman``: a link with probability beta exp(-d / (alpha L)), L the greatest distance (B. M.
      Waxman, "Routing of multipoint connections", IEEE JSAC 6, 1988); alpha is 0.15 and beta 0.4
      where a scenario has none of its own.
    - ``gabriel``: the Gabriel graph, see :func:`edgesim.twin.network.gabriel.metro_graph`.
    - ``barabasi_albert``: each switch joins two earlier ones, preferring those with many links
      (A.-L. Barabási, R. Albert, "Emergence of scaling in random networks", Science 286, 1999).

    Where the rule leaves the network in parts, the shortest links that join them are added; none is
    drawn anew, so that the others follow the rule.

    Args:
        name: one of ``GENERATORS``.
        nodes: number of switches.
        side_km: side of the square.
        rng: draws the positions, then the links.
        waxman: (alpha, beta).
    """
    points = [(float(x), float(y)) for x, y in rng.uniform(0.0, side_km, (nodes, 2))]
    seed = int(rng.integers(2**32))
    graph: nx.Graph[int]
    if name == "gabriel":
        graph = metro_graph(points)
    elif name == "waxman":
        square = (0, 0, side_km, side_km)
        alpha, beta = waxman
        graph = nx.waxman_graph(nodes, beta=beta, alpha=alpha, domain=square, seed=seed)
        points = [graph.nodes[node]["pos"] for node in range(nodes)]
    else:
        graph = nx.barabasi_albert_graph(nodes, min(2, nodes - 1), seed=seed)
    links = sorted((min(edge), max(edge)) for edge in graph.edges)
    parts = nx.utils.UnionFind(range(nodes))
    for one, other in links:
        parts.union(one, other)
    if nx.number_connected_components(graph) > 1:
        pairs = combinations(range(nodes), 2)
        for one, other in sorted(pairs, key=lambda pair: dist(points[pair[0]], points[pair[1]])):
            if parts[one] != parts[other]:
                parts.union(one, other)
                links.append((one, other))
    return Plan(
        names=[str(node) for node in range(nodes)],
        positions=list(points),
        links=[PlannedLink(one, other) for one, other in links],
        geographic=False,
    )
