"""Schematics drawn by schemdraw, with their exact netlists: any number, at any size.

A circuit lies on a grid whose lines are three units apart. Between neighbouring points stand parts
of two pins, wires, or nothing; transistors stand between two points, one above the other, their
gate led to a point on the left. Where a horizontal and a vertical wire pass a point without a dot,
they cross without joining.
"""

from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.services.schematics.netlist import Part

__all__ = ["LINE_UNITS", "PITCH", "Drawn", "Picture", "draw", "element", "render"]

Gray = npt.NDArray[np.uint8]
Point = tuple[int, int]

PITCH = 3.0
"""Units between lines of the grid; a part of two pins is as long, its body a third of it."""

LINE_UNITS = 2.0 / 36.0
"""Width of a line, units: schemdraw draws lines of 2 points, and 36 points a unit."""

_PAD = 0.75  # units of paper around a drawing
_CROSSED = 0.3  # share of the points inside, where nothing stands, at which wires cross
_TWO_PINS = ("R", "C", "L", "D", "V", "I")
_FONT = 9  # points; schemdraw's own, 14, is as large as a part


class Drawn(NamedTuple):
    """A part as it is drawn.

    Attributes:
        part: type, pins and name.
        box: x and y of the upper left and the lower right corner of its body, px.
        pins: x and y of each pin at the body's edge, px.
    """

    part: Part
    box: tuple[float, float, float, float]
    pins: dict[str, tuple[float, float]]


class Picture(NamedTuple):
    """A schematic.

    Attributes:
        image: shape (height, width), 0 is ink.
        drawn: its parts.
        crossings: wires that cross without joining.
    """

    image: Gray
    drawn: list[Drawn]
    crossings: int

    @property
    def netlist(self) -> list[Part]:
        """Its parts, with their nets."""
        return [it.part for it in self.drawn]


def element(kind: str) -> Any:
    """An element of schemdraw, of our name for it: R, C, L, D, V, I, NMOS, PMOS, ground or dot."""
    from schemdraw import elements

    return {
        "R": elements.Resistor,
        "C": elements.Capacitor,
        "L": elements.Inductor2,
        "D": elements.Diode,
        "V": elements.SourceV,
        "I": elements.SourceI,
        "NMOS": elements.NFet,
        "PMOS": elements.PFet,
        "ground": elements.Ground,
        "dot": elements.Dot,
        "wire": elements.Line,
    }[kind]()


def render(drawing: Any, unit_px: float) -> tuple[Gray, tuple[float, float]]:
    """A drawing as pixels.

    Returns:
        the image, and which x and y (units) its upper left corner has.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    box = drawing.get_bbox()
    left, top = box.xmin - _PAD, box.ymax + _PAD
    wide = int(np.ceil((box.xmax + _PAD - left) * unit_px))
    high = int(np.ceil((top - box.ymin + _PAD) * unit_px))
    dpi = 2 * unit_px  # a unit is half an inch
    figure = Figure(figsize=(wide / dpi, high / dpi), dpi=dpi)
    canvas: Any = FigureCanvasAgg(figure)  # drawing has no annotations
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    drawing.draw(show=False, canvas=axes)
    axes.set_xlim(left, left + wide / unit_px)
    axes.set_ylim(top - high / unit_px, top)
    axes.set_axis_off()
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].mean(axis=2)
    return pixels.astype(np.uint8), (left, top)


class _Circuit(NamedTuple):
    """What lies on the grid; points are (column, row), rows counted downwards."""

    two_pins: dict[tuple[Point, Point], str]  # kind of part; the first point is pin 1
    wires: list[tuple[Point, Point]]
    transistors: dict[
        Point, tuple[str, Point]
    ]  # by the upper point; the kind, and the gate's point
    crossings: set[Point]
    grounds: list[Point]


def draw(seed: int, unit_px: float = 32.0, columns: int = 0, rows: int = 0) -> Picture:
    """A random schematic with its netlist.

    Args:
        seed: of the circuit.
        unit_px: px a unit; a part of two pins is three units long.
        columns: points of the grid in a row, 2 or more; 0: 2 to 4, drawn.
        rows: points in a column, likewise; 0: 2 or 3.
    """
    rng = np.random.default_rng(seed)
    while True:
        circuit = _circuit(rng, columns or int(rng.integers(2, 5)), rows or int(rng.integers(2, 4)))
        if len(circuit.two_pins) + len(circuit.transistors) >= 2:
            return _drawn(circuit, unit_px)


def _circuit(rng: np.random.Generator, columns: int, rows: int) -> _Circuit:
    circuit = _Circuit({}, [], {}, set(), [])
    taken: set[tuple[Point, Point]] = set()
    for column in range(1, columns):  # transistors first: they take two lines of the grid
        for row in range(rows - 1):
            upper, lower = (column, row), (column, row + 1)
            left = ((column - 1, row), (column - 1, row + 1))
            free = left not in taken and (upper, lower) not in taken
            if free and rng.random() < 0.3:
                gate = left[int(rng.integers(2))]
                circuit.transistors[upper] = (str(rng.choice(["NMOS", "PMOS"])), gate)
                taken |= {left, (upper, lower)}
    for point in _crossed(rng, columns, rows, taken, circuit):
        circuit.crossings.add(point)
    across = [((c, r), (c + 1, r)) for c in range(columns - 1) for r in range(rows)]
    down = [((c, r), (c, r + 1)) for c in range(columns) for r in range(rows - 1)]
    for edge in [*across, *down]:
        lot = rng.random()
        if edge in taken or lot < 0.15:
            continue
        if lot < 0.4:
            circuit.wires.append(edge)
        else:
            ends = edge if rng.random() < 0.5 else edge[::-1]
            circuit.two_pins[ends] = str(rng.choice(_TWO_PINS))
    used = {point for edge in [*circuit.two_pins, *circuit.wires] for point in edge}
    for upper, (_, gate) in circuit.transistors.items():
        used |= {upper, (upper[0], upper[1] + 1), gate}
    bottom = [(c, rows - 1) for c in range(columns) if (c, rows - 1) in used]
    circuit.grounds.extend(point for point in bottom if rng.random() < 0.5)
    return circuit


def _crossed(
    rng: np.random.Generator,
    columns: int,
    rows: int,
    taken: set[tuple[Point, Point]],
    circuit: _Circuit,
) -> list[Point]:
    """Points inside where two wires are made to cross; the wires are added and taken."""
    gates = [gate for _, gate in circuit.transistors.values()]
    found = []
    for c in range(1, columns - 1):
        for r in range(1, rows - 1):
            point = (c, r)
            beside = [((c - 1, r), point), (point, (c + 1, r))]
            beside += [((c, r - 1), point), (point, (c, r + 1))]
            free = not any(edge in taken for edge in beside) and point not in gates
            if free and rng.random() < _CROSSED:
                circuit.wires.extend(beside)
                taken.update(beside)
                found.append(point)
    return found


def _nets(circuit: _Circuit) -> dict[Any, str]:
    """The net of each place: a point, or a point with "across" or "down" where wires cross."""
    joined: nx.Graph[Any] = nx.Graph()

    def place(point: Point, edge: tuple[Point, Point]) -> Any:
        if point not in circuit.crossings:
            return point
        return (point, "across" if edge[0][1] == edge[1][1] else "down")

    for edge in circuit.wires:
        joined.add_edge(*(place(point, edge) for point in edge))
    for edge in circuit.two_pins:
        joined.add_nodes_from(edge)
    for upper, (_, gate) in circuit.transistors.items():
        joined.add_nodes_from([upper, (upper[0], upper[1] + 1), gate])
    joined.add_edges_from((point, "ground") for point in circuit.grounds)
    named = {}
    for number, part in enumerate(sorted(nx.connected_components(joined), key=str)):
        name = "0" if "ground" in part else f"n{number}"
        named.update(dict.fromkeys(part, name))
    return named


def _drawn(circuit: _Circuit, unit_px: float) -> Picture:
    import schemdraw

    nets = _nets(circuit)
    drawing = schemdraw.Drawing(show=False)
    counts: dict[str, int] = {}
    placed: list[tuple[Part, tuple[float, ...], dict[str, tuple[float, float]]]] = []

    def at(point: Point) -> tuple[float, float]:
        return (PITCH * point[0], -PITCH * point[1])

    for ends, kind in circuit.two_pins.items():
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind}{counts[kind]}"
        first, second = (np.array(at(point)) for point in ends)
        # schemdraw draws a diode's anode at its first end, a source's plus and its arrow's head at
        # its second: pins 1 and 2.
        drawing += element(kind).endpoints(tuple(first), tuple(second)).label(name, fontsize=_FONT)
        along = (second - first) / 3
        pins = {"1": tuple(first + along), "2": tuple(second - along)}
        part = Part(kind, {"1": nets[ends[0]], "2": nets[ends[1]]}, name)
        half = _half_width(kind)
        across = np.abs(along[::-1]) * half
        low = np.minimum(first + along, second - along) - across
        high = np.maximum(first + along, second - along) + across
        placed.append(
            (part, (*low, *high), {k: (float(x), float(y)) for k, (x, y) in pins.items()})
        )
    for upper, (kind, gate) in circuit.transistors.items():
        placed.append(_transistor(drawing, upper, kind, gate, nets, at, counts))
    for edge in circuit.wires:
        drawing += element("wire").endpoints(*(at(point) for point in edge))
    for point in circuit.grounds:
        drawing += element("ground").at(at(point))
    for point in _dots(circuit):
        drawing += element("dot").at(at(point))
    image, (left, top) = render(drawing, unit_px)

    def pixel(x: float, y: float) -> tuple[float, float]:
        return ((x - left) * unit_px, (top - y) * unit_px)

    drawn = []
    for part, (x0, y0, x1, y1), positions in placed:
        (px0, py1), (px1, py0) = pixel(x0, y0), pixel(x1, y1)
        pixels = {name: pixel(*where) for name, where in positions.items()}
        drawn.append(Drawn(part, (px0, py0, px1, py1), pixels))
    return Picture(image, drawn, len(circuit.crossings))


def _half_width(kind: str) -> float:
    """Half of the body's width, units."""
    return 0.5 if kind in ("V", "I") else 0.375 if kind == "L" else 0.25


def _transistor(
    drawing: Any,
    upper: Point,
    kind: str,
    gate: Point,
    nets: dict[Any, str],
    at: Any,
    counts: dict[str, int],
) -> tuple[Part, tuple[float, ...], dict[str, tuple[float, float]]]:
    """Draw a transistor and its leads: 1.5 units long, in the middle of its line of the grid."""
    lower = (upper[0], upper[1] + 1)
    (x, high), (_, low) = at(upper), at(lower)
    begin, end = high - 0.75, low + 0.75
    drawing += element(kind).at((x, begin)).theta(180).flip()
    drawing += element("wire").endpoints((x, high), (x, begin))
    drawing += element("wire").endpoints((x, end), (x, low))
    middle, gate_x = (begin + end) / 2, x - _GATE
    corner = at(gate)[0]
    drawing += element("wire").endpoints((gate_x, middle), (corner, middle))
    drawing += element("wire").endpoints((corner, middle), at(gate))
    names = ("Drain", "Source") if kind == "NMOS" else ("Source", "Drain")
    pins = {names[0]: nets[upper], names[1]: nets[lower], "Gate": nets[gate]}
    counts[kind] = counts.get(kind, 0) + 1
    positions = {names[0]: (x, begin), names[1]: (x, end), "Gate": (gate_x, middle)}
    part = Part(kind, pins, f"{kind[0]}M{counts[kind]}")
    return part, (gate_x, end, x, begin), positions


_GATE = 1.367  # units from a transistor's line to the end of its gate, as schemdraw has it


def _dots(circuit: _Circuit) -> list[Point]:
    """Points where three or more things meet."""
    meet: dict[Point, int] = {}
    ends = [point for edge in [*circuit.two_pins, *circuit.wires] for point in edge]
    for upper, (_, gate) in circuit.transistors.items():
        ends += [upper, (upper[0], upper[1] + 1), gate]
    for point in [*ends, *circuit.grounds]:
        meet[point] = meet.get(point, 0) + 1
    return [point for point, count in meet.items() if count > 2 and point not in circuit.crossings]
