"""Topologies of a GraphML or GML file."""

import re
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx

from edgesim.errors import InputError
from edgesim.text_files import decoded, encoding_of, plain_suffix, read_bytes
from edgesim.twin.network.attributes import Attributes, link_figures, plain
from edgesim.twin.network.plan import KEY, Plan, PlannedLink
from edgesim.twin.network.units import bit_rate

__all__ = ["FILES", "is_file", "read_file"]

FILES = (".graphml", ".gml")

_GEOGRAPHIC = (
    ("longitude", "latitude"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("geo_lon", "geo_lat"),
)
_PLANE = {("x_km", "y_km"): 1.0, ("x_m", "y_m"): 1e-3, ("x", "y"): 1.0}
_HOSTING = ("host", "vnfs", "instance_capacity_bps", "processing_ms")
_UNSAID = frozenset({"id", "key"})  # what every file has and nobody misses
_LISTED = 10  # names that a note lists

_Graph = Any
"""A MultiDiGraph of networkx, also of a file without directions: else it forgets which end of a
link comes first. What each link is in the file stands with it under ``_ONE_WAY``."""
_ONE_WAY = "one way"


def is_file(source: str) -> bool:
    """Whether a source is a topology file, by its name."""
    path = Path(source)
    return plain_suffix(path) in FILES and path.name.lower() not in FILES


def read_file(source: str) -> Plan:
    """A network from a GraphML or GML file, in the form of the Internet Topology Zoo or plainer.

    Of a node are read ``Longitude`` and ``Latitude`` (or ``lon`` and ``lat``), or else ``x_km`` and
    ``y_km``, or ``x`` and ``y``, which are taken for km; ``label`` or ``name`` is its name. Of a
    link are read its length (``length_km``, ``dist`` or ``length``, km), delay (``delay_ms``),
    capacity (``capacity_bps``, ``LinkSpeedRaw``) and what others hold of it from beginning to end
    (``reserved_bps``): see :mod:`edgesim.twin.network.attributes` for other names and units. What a
    node says of itself as a host of network functions is kept. Attribute names in any case. The two
    directions of a directed link are two one-way links. The name may end in ``.gz``, ``.bz2`` or
    ``.zst`` besides.

    Raises:
        InputError: the file is missing, not what its ending says, or states something twice.
    """
    path = Path(source).expanduser()
    content = read_bytes(path, KEY)
    notes: list[str] = []
    form = "GML" if plain_suffix(path) == ".gml" else "GraphML"
    try:
        read = _gml(content, path, notes) if form == "GML" else _graphml(content)
    except InputError:
        raise
    except (
        nx.NetworkXException,
        ElementTree.ParseError,
        LookupError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        reason = re.sub(r"^cannot tokenize .* at ", "nothing of GML at ", reason)
        raise InputError(KEY, source, f"cannot be read as {form}: {reason}") from None
    except RecursionError:
        raise InputError(KEY, source, f"cannot be read as {form}: nested too deeply") from None
    return _plan(read, source, notes)


def _plan(graph: _Graph, source: str, notes: list[str]) -> Plan:
    """What the graph says; each link leads from its source to its target."""
    of_graph = plain(graph.graph)
    nodes = [(node, plain(attributes)) for node, attributes in graph.nodes(data=True)]
    place = {node: number for number, (node, _) in enumerate(nodes)}
    names = [_name(node, attributes, source) for node, attributes in nodes]
    (east, north), scale, geographic = _axes([attributes for _, attributes in nodes])
    links = []
    used: set[str] = set()
    unitless: set[str] = set()
    seen: dict[str, None] = {}  # in the order of the file
    for one, other, attributes in graph.edges(data=True):
        link = plain(attributes)
        figures = link_figures(link, of_graph)
        used |= figures.used
        unitless |= figures.unitless
        seen |= dict.fromkeys(key for key in attributes if key != _ONE_WAY)
        links.append(
            PlannedLink(place[one], place[other], **figures.figures, one_way=attributes[_ONE_WAY])
        )
    hosting = [_hosting(attributes) for _, attributes in nodes]
    positions = [
        (_scaled(a[east], scale), _scaled(a[north], scale)) if east in a and north in a else None
        for _, a in nodes
    ]
    known = {east, north, "label", "name", *_HOSTING}
    known |= {key for _, of in nodes for key in of if _capacity_factor(key) is not None}
    of_nodes = dict.fromkeys(str(key) for _, of in graph.nodes(data=True) for key in of)
    _say_unused(seen, used, unitless, of_nodes, known, notes)
    lengths_follow = any(link.length_km is None and link.delay_s is None for link in links)
    if (east, north) == ("x", "y") and lengths_follow and any(positions):
        notes.append(_plane_note(positions))
    return Plan(
        names=names,
        positions=positions,
        links=links,
        geographic=geographic,
        ids=[str(node) for node, _ in nodes],
        hosting=hosting if any(hosting) else None,
        notes=notes,
    )


def _hosting(attributes: Attributes) -> dict[str, Any]:
    """What a node says of itself as a host, with capacities in bit/s."""
    found = {key: attributes[key] for key in _HOSTING if key in attributes}
    for key, value in attributes.items():
        factor = _capacity_factor(key)
        if factor is not None:
            found["instance_capacity_bps"] = _scaled(value, factor)
    return found


def _capacity_factor(key: str) -> float | None:
    """Factor to bit/s of an attribute such as ``instance_capacity_gbps``."""
    if not key.startswith("instance_capacity_"):
        return None
    try:
        return bit_rate.factor(key.removeprefix("instance_"))
    except KeyError:
        return None


def _name(node: Any, attributes: Attributes, source: str) -> str:
    name = attributes.get("label", attributes.get("name", node))
    if isinstance(name, list | dict):
        raise InputError(f"{source}: label of node {node}", name, "must be stated once")
    return str(name).strip()


def _axes(nodes: list[Attributes]) -> tuple[tuple[str, str], float, bool]:
    """Names of the two coordinates, their factor, and whether they are degrees."""
    for pair in _GEOGRAPHIC:
        if any(set(pair) <= attributes.keys() for attributes in nodes):
            return pair, 1.0, True
    for pair, scale in _PLANE.items():
        if any(set(pair) <= attributes.keys() for attributes in nodes):
            return pair, scale, False
    return ("x", "y"), 1.0, False


def _scaled(value: Any, scale: float) -> Any:
    if scale == 1.0:
        return value
    try:
        return float(value) * scale
    except (TypeError, ValueError, OverflowError):
        return value


def _plane_note(positions: list[tuple[Any, Any] | None]) -> str:
    """What to say of x and y whose unit nobody has stated."""
    try:
        pairs = [(float(x), float(y)) for x, y in (place for place in positions if place)]
    except (TypeError, ValueError, OverflowError):
        return "x and y of nodes are taken as km"
    if all(abs(x) <= 360 and abs(y) <= 90 for x, y in pairs):
        return (
            "x and y of nodes are taken as km: if they are degrees, name them Longitude and "
            "Latitude; if not, x_km and y_km"
        )
    return "x and y of nodes are taken as km: name them x_km and y_km, or x_m and y_m"


def _say_unused(
    of_links: Iterable[str],
    used: set[str],
    unitless: set[str],
    of_nodes: Iterable[str],
    known: set[str],
    notes: list[str],
) -> None:
    """Which attributes of links and nodes are not used, and which would be with a unit."""
    links = {next(iter(plain({key: 0}))): key for key in of_links}
    without = [links[key] for key in links if key in unitless and key not in used]
    left = [key for name, key in links.items() if name not in used | unitless | _UNSAID]
    rest = [key for key in of_nodes if not plain({key: 0}).keys() & (known | _UNSAID)]
    if without:
        notes.append(
            f"{_listed(without)} of links not used, for want of a unit: name it capacity_bps, "
            "delay_ms or length_km"
        )
    told = [
        f"{_listed(keys)} of {what}" for keys, what in ((left, "links"), (rest, "nodes")) if keys
    ]
    if told:
        notes.append("not used: " + ", ".join(told))


def _listed(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


# ---- GML

_DIRECTED = re.compile(r"(?m)^[^\"\n]*?(?<![\w.])directed\s+(?P<flag>[01])\b")
_HEAD = re.compile(r"(?m)^(?P<before>[^#\"\n]*?\bgraph\s*\[)")
_EXPONENT = re.compile(r'"[^"]*"|(?<![\w.])(?P<digits>[-+]?\d+)(?P<exponent>[eE][-+]?\d+)\b')


def _gml(content: bytes, path: Path, notes: list[str]) -> _Graph:
    """A GML file; whether links are parallel shows in the links, not in a flag."""
    if encoding_of(content) == "utf-8":
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            # The language of GML knows ISO 8859-1 alone, as ASCII with names for the rest.
            text = content.decode("latin-1")
            notes.append("not in UTF-8: read as ISO 8859-1")
    else:
        text = decoded(content, path, KEY)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _EXPONENT.sub(_with_point, text)
    flag = _DIRECTED.search(text)
    text = _HEAD.sub(r"\g<before> multigraph 1 directed 1 ", text, count=1)
    graph = nx.parse_gml(text.split("\n"), label="id")
    for *_, attributes in graph.edges(data=True):
        attributes[_ONE_WAY] = flag is not None and flag["flag"] == "1"
    return graph


def _with_point(found: "re.Match[str]") -> str:
    """A number such as 1e9 as GML has it, 1.0e9; quoted text as it is."""
    if found["digits"] is None:
        return found[0]
    return f"{found['digits']}.0{found['exponent']}"


# ---- GraphML


def _graphml(content: bytes) -> _Graph:
    """A GraphML file, after a look at what networkx would read differently.

    It takes an edge to a node that is not there as a new node, two nodes of one id as one, parallel
    edges of one id as one, and the first of several graphs for the whole.
    """
    root = ElementTree.fromstring(content)
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    whole = _one_graph(root, space)
    edges = whole.findall(f"{space}edge")
    _check_ends(whole, edges, space)
    usual = str(whole.get("edgedefault") == "directed")
    one_way = []
    for number, edge in enumerate(edges):
        one_way.append(edge.attrib.pop("directed", usual).lower() in ("true", "1"))
        edge.set("id", str(number))
    whole.set("edgedefault", "directed")
    graph: _Graph = nx.read_graphml(BytesIO(ElementTree.tostring(root)), force_multigraph=True)
    # networkx reads the default values of attributes, and gives them to nobody.
    of_nodes, of_edges = graph.graph.pop("node_default", {}), graph.graph.pop("edge_default", {})
    for _, attributes in graph.nodes(data=True):
        attributes.update({**of_nodes, **attributes})
    for *_, number, attributes in graph.edges(keys=True, data=True):
        attributes.update({**of_edges, **attributes})
        attributes[_ONE_WAY] = one_way[number]
    return graph


def _one_graph(root: ElementTree.Element, space: str) -> ElementTree.Element:
    """The one graph that a file holds."""
    if root.tag != f"{space}graphml":
        raise ValueError(f"its outermost element is <{root.tag.removeprefix(space)}>")
    graphs = root.findall(f"{space}graph")
    if len(graphs) != 1:
        raise ValueError(f"it holds {len(graphs)} graphs, and must hold one")
    if any(node.find(f"{space}graph") is not None for node in graphs[0].iter(f"{space}node")):
        raise ValueError("it holds a graph within a node: take the groups apart")
    return graphs[0]


def _check_ends(graph: ElementTree.Element, edges: list[ElementTree.Element], space: str) -> None:
    """See that every node is there once, and every edge between two of them."""
    ids = Counter(node.get("id") for node in graph.findall(f"{space}node"))
    for name, count in ids.items():
        if count > 1:
            raise ValueError(f"{count} nodes have the id {name!r}")
    for edge in edges:
        for end in ("source", "target"):
            if edge.get(end) not in ids:
                raise ValueError(f"an edge has the {end} {edge.get(end)!r}, and no node this id")
