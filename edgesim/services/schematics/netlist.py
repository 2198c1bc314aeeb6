"""Netlists: the parts of a circuit and the nets their pins hang on, compared as graphs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from edgesim.errors import InputError

__all__ = ["SYMMETRIC", "Part", "graph", "read_netlist", "same_netlist"]

SYMMETRIC = frozenset({"R", "C", "L", "Res", "Cap"})
"""Types whose pins 1 and 2 may change places."""

_ROUNDS = 4  # of Weisfeiler and Lehman's hash: it tells apart what differs within four steps


@dataclass(frozen=True)
class Part:
    """One part of a circuit.

    Attributes:
        type: what it is, such as ``R`` or ``NMOS``.
        pins: net of each pin, by the pin's name.
        name: what it is called; "": nothing.
    """

    type: str
    pins: Mapping[str, str]
    name: str = field(default="", compare=False)


def read_netlist(content: Sequence[Mapping[str, Any] | Part]) -> list[Part]:
    """Parts from mappings with ``type``, ``pins`` (pin to net) and maybe ``name``.

    Raises:
        InputError: it is no list, or a part has no type or no pins.
    """
    if isinstance(content, str | Mapping) or not isinstance(content, Sequence):
        raise InputError("netlist", content, "must be a list of parts with type and pins")
    return [it if isinstance(it, Part) else _part(number, it) for number, it in enumerate(content)]


def _part(number: int, content: Any) -> Part:
    accepted = "must be a part: {type: R, pins: {1: net, 2: net}}"
    if not isinstance(content, Mapping) or not isinstance(content.get("pins"), Mapping):
        raise InputError(f"netlist[{number}]", content, accepted)
    if not isinstance(content.get("type"), str):
        raise InputError(f"netlist[{number}]", content, accepted)
    pins = {str(pin): str(net) for pin, net in content["pins"].items()}
    return Part(content["type"], pins, str(content.get("name", "")))


def graph(netlist: Sequence[Part]) -> "nx.Graph[tuple[str, Any]]":
    """The netlist as a graph of parts, pins and nets, each with its ``label``.

    A part is labelled by its type, a pin by its name (pins 1 and 2 of symmetric parts alike), a
    net by nothing: names of parts and nets do not count, and ground is a net like others.
    """
    made: nx.Graph[tuple[str, Any]] = nx.Graph()
    for number, part in enumerate(netlist):
        made.add_node(("part", number), label=f"part {part.type}")
        for pin, net in part.pins.items():
            alike = part.type in SYMMETRIC and pin in ("1", "2")
            made.add_node(("pin", (number, pin)), label="pin 1 or 2" if alike else f"pin {pin}")
            made.add_node(("net", net), label="net")
            made.add_edge(("part", number), ("pin", (number, pin)))
            made.add_edge(("pin", (number, pin)), ("net", net))
    return made


def same_netlist(
    a: Sequence[Mapping[str, Any] | Part], b: Sequence[Mapping[str, Any] | Part]
) -> bool:
    """Whether two netlists are the same circuit.

    Names of parts and nets and the order are free; pins 1 and 2 of the :data:`SYMMETRIC` types may
    change places, all other pins may not.

    Raises:
        InputError: one of them is no netlist.
    """
    first, second = graph(read_netlist(a)), graph(read_netlist(b))
    hashes = [_coloured(it) for it in (first, second)]
    if sorted(hashes[0].values()) != sorted(hashes[1].values()):
        return False
    # Equal hashes do not prove it: rings of 6 and twice 3 equal resistors have the same.
    match = nx.algorithms.isomorphism.categorical_node_match("colour", "")
    return bool(nx.is_isomorphic(first, second, node_match=match))


def _coloured(circuit: "nx.Graph[tuple[str, Any]]") -> dict[tuple[str, Any], str]:
    """The hash of each node's neighbourhood, written into it as ``colour``: few nodes have the
    same, which keeps the search for an isomorphism short.
    """
    if not circuit:
        return {}
    of_nodes = nx.weisfeiler_lehman_subgraph_hashes(
        circuit, node_attr="label", iterations=_ROUNDS, include_initial_labels=True
    )
    colours = {node: hashes[-1] for node, hashes in of_nodes.items()}
    nx.set_node_attributes(circuit, colours, "colour")
    return colours
