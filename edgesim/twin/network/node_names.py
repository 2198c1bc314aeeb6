"""Which node is meant: by its name, by its id in a file, or by its number from 0."""

from difflib import get_close_matches
from typing import Any

import networkx as nx

from edgesim.errors import did_you_mean

__all__ = ["NodeNames"]

_LISTED = 20  # names that a message may list


class NodeNames:
    """What the nodes of a network may be called by somebody who lists them.

    A node goes by its name, by the id that its topology file gives it, and by its number from 0.
    Where all names are different whole numbers, as the ids of autonomous systems are, numbers are
    these names alone. What could mean two nodes means none: two nodes of one name, a name that is
    the number of another node. ``name:…``, ``id:…`` and ``number:…`` tell which is meant.

    Args:
        graph: nodes 0 … N-1 with ``name`` and, where a file gives them, ``id``.
    """

    def __init__(self, graph: "nx.Graph[int]") -> None:
        names = {
            node: str(name).strip() or str(node)
            for node, name in graph.nodes(data="name", default="")
        }
        ids = {node: str(given) for node, given in graph.nodes(data="id") if given is not None}
        numbers = {node: str(node) for node in graph}
        self._meant: dict[str, dict[int, str]] = {}
        for kind, called in (("name", names), ("id", ids), ("number", numbers)):
            for node, text in called.items():
                self._meant.setdefault(f"{kind}:{text}", {})[node] = kind
                if kind != "number" or not _all_numbers(names):
                    self._meant.setdefault(text, {}).setdefault(node, kind)
        self._names = list(dict.fromkeys(names.values()))

    def node(self, text: str) -> int | None:
        """The one node that is meant; None where there is none, or more than one."""
        meant = self._meant.get(text, {})
        return next(iter(meant)) if len(meant) == 1 else None

    def why_not(self, text: str) -> str:
        """The end of a message on what means no node, or more than one."""
        meant = self._meant.get(text)
        if meant is None:
            if len(self._names) <= _LISTED:
                return did_you_mean(text, self._names)
            near = get_close_matches(text, self._names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            return f"{hint}must be a node's name, or its number from 0"
        ways = []
        for node, kind in list(meant.items())[:3]:
            alone = len(self._meant[f"{kind}:{text}"]) == 1
            ways.append(f"node {node} ({f'{kind}:{text}' if alone else f'number:{node}'!r})")
        return f"could mean {' or '.join(ways)}: write which, as in the brackets"


def _all_numbers(names: dict[int, Any]) -> bool:
    """Whether all names are whole numbers, and different."""
    return all(name.isdecimal() for name in names.values()) and len(set(names.values())) == len(
        names
    )
