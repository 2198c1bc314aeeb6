"""VNF instances and hosts as somebody states them: in a table, a list, or a topology file."""

from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.parts.hosts import Instances
from edgesim.twin.network.node_names import NodeNames

__all__ = ["Stated", "StatedInstance", "stated_hosts", "stated_instances"]

_KEYS = ("node", "vnf", "capacity_bps", "processing_ms")
_TRUE, _FALSE = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no", "")


class StatedInstance(NamedTuple):
    """An instance of a VNF, by its place in ``instances.types``, on a node."""

    vnf: int
    node: int
    capacity_bps: float
    processing_ms: float


class Stated(NamedTuple):
    """What a topology file says of its hosts.

    Attributes:
        nodes: those that are marked as hosts, ascending; None where none is.
        capacity_bps: of the instances on a node, where the file says so.
        processing_ms: likewise.
    """

    nodes: list[int] | None
    capacity_bps: dict[int, float]
    processing_ms: dict[int, float]


def stated_instances(graph: "nx.Graph[int]", instances: Instances) -> list[StatedInstance] | None:
    """The instances that a scenario's placement or the topology file states one by one.

    Args:
        graph: the topology; a node's ``vnfs`` lists the VNFs on it, ``instance_capacity_bps`` and
            ``processing_ms`` are those of each instance there.
        instances: the scenario's VNFs.

    Returns:
        the instances in the order of the table or file; None where none is stated.

    Raises:
        InputError: an unknown node, VNF or key, or a figure that is none.
    """
    if instances.placement is not None:
        names = NodeNames(graph)
        rows = _rows(instances.placement)
        found = [_instance(where, row, names, instances) for where, row in rows]
        if not found:
            accepted = "must state at least one instance"
            raise InputError("network.instances.placement", instances.placement, accepted)
        return found
    lists = {node: vnfs for node, vnfs in graph.nodes(data="vnfs") if vnfs is not None}
    if not lists:
        return None
    hosts = stated_hosts(graph)
    source = graph.graph.get("name", "network")
    return [
        StatedInstance(
            _vnf(f"{source}: vnfs of node {graph.nodes[node]['name']!r}", vnf, instances),
            node,
            hosts.capacity_bps.get(node, instances.capacity_bps),
            hosts.processing_ms.get(node, instances.processing_ms),
        )
        for node, vnfs in lists.items()
        for vnf in _names(vnfs)
    ]


def stated_hosts(graph: "nx.Graph[int]") -> Stated:
    """The nodes that a topology file marks as hosts (``host``), and how fast they are.

    Raises:
        InputError: a mark or figure that is none.
    """
    source = graph.graph.get("name", "network")
    marked: dict[int, bool] = {}
    capacity: dict[int, float] = {}
    processing: dict[int, float] = {}
    for node, attributes in graph.nodes(data=True):
        where = f"of node {attributes.get('name', node)!r}"
        if "host" in attributes:
            said = str(attributes["host"]).strip().lower()
            if said not in (*_TRUE, *_FALSE):
                raise InputError(f"{source}: host {where}", attributes["host"], "must be 1 or 0")
            marked[node] = said in _TRUE
        for key, figures, low in (
            ("instance_capacity_bps", capacity, 1e-300),
            ("processing_ms", processing, 0.0),
        ):
            if attributes.get(key) is not None:
                figures[node] = _figure(f"{source}: {key} {where}", attributes[key], low)
    if marked and not any(marked.values()):
        raise InputError(f"{source}: host", 0, "marks no node as a host")
    nodes = sorted(node for node, host in marked.items() if host)
    return Stated(nodes or None, capacity, processing)


def _rows(placement: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rows of a list or table, and what messages call each."""
    if isinstance(placement, str):
        yield from _table(placement)
        return
    for number, row in enumerate(placement):
        where = f"network.instances.placement[{number}]"
        if not isinstance(row, Mapping):
            raise InputError(where, row, "must be a mapping {node, vnf}")
        for key in row:
            if key not in _KEYS:
                raise InputError(f"{where} key", key, did_you_mean(str(key), _KEYS))
        yield where, row


def _table(path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # pyarrow is loaded only where a table is read
    from edgesim.twin.core.trace_file import TraceFile

    file = TraceFile(Path(path), called="placement")
    names = file.columns(
        {"node": "node", "vnf": "vnf", "capacity_bps": None, "processing_ms": None}
    )
    file.say_unread(names)
    for rows in file.rows(names):
        columns = {key: rows.values(key).to_pylist() for key in names}
        for at in range(len(rows)):
            row = {key: column[at] for key, column in columns.items()}
            said = {key: value for key, value in row.items() if value not in (None, "")}
            yield f"{file.shown}, row {rows.first + at}", said


def _instance(
    where: str, row: Mapping[str, Any], names: NodeNames, instances: Instances
) -> StatedInstance:
    for key in ("node", "vnf"):
        if row.get(key) is None:
            raise InputError(f"{where}, {key}", None, "must be stated")
    text = str(row["node"]).strip()
    node = names.node(text)
    if node is None:
        raise InputError(f"{where}, node", row["node"], names.why_not(text))
    figures = {
        key: _figure(f"{where}, {key}", row[key], low) if row.get(key) is not None else usual
        for key, low, usual in (
            ("capacity_bps", 1e-300, instances.capacity_bps),
            ("processing_ms", 0.0, instances.processing_ms),
        )
    }
    return StatedInstance(_vnf(f"{where}, vnf", row["vnf"], instances), node, **figures)


def _vnf(where: str, name: Any, instances: Instances) -> int:
    text = str(name).strip()
    if text not in instances.types:
        raise InputError(where, name, did_you_mean(text, instances.types))
    return instances.types.index(text)


def _names(vnfs: Any) -> list[str]:
    """The VNFs of a node: a list, or text with commas, semicolons or spaces between them."""
    parts = vnfs if isinstance(vnfs, list | tuple) else str(vnfs).replace(";", ",").split(",")
    return [name for part in parts for name in str(part).split()]


def _figure(what: str, value: Any, low: float) -> float:
    accepted = "must be a finite number " + ("above 0" if low > 0 else "of at least 0")
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(what, value, accepted) from None
    if not isfinite(found) or found < low:
        raise InputError(what, value, accepted)
    return found
