"""A table of links beside a topology: capacity, delay and length of single ones."""

from typing import Any

import networkx as nx

from edgesim.errors import InputError
from edgesim.twin.network.attributes import link_figures, plain
from edgesim.twin.network.bundles import figure
from edgesim.twin.network.node_names import NodeNames

__all__ = ["state_links"]

_ENDS = ("source", "target")


def state_links(graph: "nx.Graph[int]", path: str) -> None:
    """Give links of a topology the figures that a CSV or Parquet table states, in place.

    The columns ``source`` and ``target`` name the ends of a link, as
    :class:`edgesim.twin.network.node_names.NodeNames` has it; the others are attributes as in a
    topology file, see :func:`edgesim.twin.network.attributes.link_figures` (``capacity_bps``,
    ``capacity_back_bps`` from target to source, ``delay_ms``, ``length_km``, ``reserved_bps``).
    A figure that a row leaves empty stays as it is. A row holds for both directions, unless the
    other one has a row of its own. A length without a delay sets the propagation
    as well.

    Args:
        graph: as of :func:`edgesim.twin.network.topology.load_topology`.
        path: the table.

    Raises:
        InputError: the table cannot be read, names a link twice or one that is not there, or a
            figure is none; the message names the row.
    """
    # pyarrow is loaded only where a table is read
    from edgesim.twin.core.trace_file import TraceFile

    file = TraceFile(path, called="link table")
    ends = file.columns({key: key for key in _ENDS})
    others = [name for name in file.names if name not in ends.values()]
    nodes, done = NodeNames(graph), set[tuple[int, int]]()
    understood: set[str] = set(ends.values())
    for rows in file.rows({**ends, **{name: name for name in others}}):
        named = [rows.texts(key, "must be a node") for key in ends]
        columns = {name: rows.values(name).to_pylist() for name in others}
        for at, pair in enumerate(zip(*named, strict=True)):
            where = f"{file.shown}, row {rows.first + at}"
            one, other = (
                _node(f"{where}, {key}", text, nodes) for key, text in zip(_ENDS, pair, strict=True)
            )
            if not graph.has_edge(one, other):
                raise InputError(where, " – ".join(pair), "the topology has no link between these")
            if (one, other) in done:
                raise InputError(where, " – ".join(pair), "the link is in the table twice")
            done.add((one, other))
            said = {name: it[at] for name, it in columns.items() if it[at] not in (None, "")}
            found = link_figures(plain(said), {})
            understood |= {name for name in said if plain({name: 0}).keys() & found.used}
            edge = graph.edges[min(one, other), max(one, other)]
            _state(edge, found.figures, where, against=one > other, way_back=(other, one) in done)
    file.say_unread({name: name for name in understood})


def _node(where: str, text: str, nodes: NodeNames) -> int:
    node = nodes.node(text)
    if node is None:
        raise InputError(where, text, nodes.why_not(text))
    return node


def _state(
    edge: dict[str, Any], figures: dict[str, Any], where: str, *, against: bool, way_back: bool
) -> None:
    """Set figures of an edge.

    Args:
        edge: its attributes.
        figures: as of :func:`edgesim.twin.network.attributes.link_figures`.
        where: the row, for messages.
        against: whether they lead from the node with the larger number to the other.
        way_back: whether the other direction has a row of its own, which then holds for it.
    """
    for what, low in (("capacity", 1e-300), ("reserved", 0.0)):
        accepted = "must be a finite number " + ("above 0" if low else "of at least 0")
        forth, back = f"{what}_bps", f"{what}_back_bps"
        along, opposite = (
            None if value is None else figure(f"{where}, {key}", value, accepted, low=low)
            for key in (forth, back)
            for value in [figures.get(key)]
        )
        if along is None:
            if opposite is not None:
                raise InputError(f"{where}, {forth}", None, f"must stand beside {back}")
            continue
        if opposite is None:
            opposite = edge.get(forth if against else back, edge.get(forth)) if way_back else along
        edge[forth], edge[back] = (opposite, along) if against else (along, opposite)
        if edge[forth] == edge[back]:
            del edge[back]
    accepted = "must be a finite number of at least 0"
    if figures.get("length_km") is not None:
        edge["length_km"] = figure(f"{where}, length_km", figures["length_km"], accepted, low=0.0)
        edge.pop("propagation_s", None)
    if figures.get("delay_s") is not None:
        edge["propagation_s"] = figure(f"{where}, delay", figures["delay_s"], accepted, low=0.0)
