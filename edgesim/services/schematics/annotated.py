"""Nets of real schematics whose parts are given: boxes, pins and crossings of an annotation."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from edgesim.errors import InputError
from edgesim.services.schematics.netlist import Part
from edgesim.services.schematics.reader import ink_of

__all__ = ["read_annotated"]

Gray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_TYPES = {
    "resistor": ("Res", {"Negative": "1", "Positive": "2"}),
    "capacitor": ("Cap", {"Negative": "1", "Positive": "2"}),
    "current": ("Current", {"Negative": "In", "Positive": "Out"}),
    "Voltage_1": ("Voltage", {}),
    "Voltage_2": ("Voltage", {}),
    "nmos": ("NMOS", {}),
    "nmos-cross": ("NMOS", {}),
    "pmos": ("PMOS", {}),
    "pmos-cross": ("PMOS", {}),
    "npn": ("NPN", {"Collect": "Collector"}),
    "pnp": ("PNP", {"Collect": "Collector"}),
    "Diso_amp": ("Diso_amp", {}),
    "Siso_amp": ("Siso_amp", {}),
}
"""Labels of 24Hoursss/Circuit-Dataset, and what Image2Net's netlists call part and pins."""

_NETS = {"gnd": "GND", "vdd": "VDD"}


def read_annotated(image: Gray, annotations: Sequence[Mapping[str, Any]]) -> list[Part]:
    """The netlist of a schematic whose parts are known.

    The boxes are taken out of the ink; wires are what hangs together outside; each pin takes the
    wire that crosses its box's edge nearest to it, one crossing a pin. Two wires go straight on
    through a ``cross``.

    Args:
        image: shades of grey, shape (height, width).
        annotations: of each symbol ``label``, ``box`` (x0, y0, x1, y1, px) and ``pins`` (x, y).

    Raises:
        InputError: the image is no schematic, or an annotation has another form.
    """
    left = ink_of(image).copy()
    boxes = [_box(it, left.shape) for it in annotations]
    for x0, y0, x1, y1 in boxes:
        left[y0:y1, x0:x1] = 0
    labels: Any = cv2.connectedComponents(left, connectivity=8)[1]
    joined: nx.Graph[Any] = nx.Graph()
    for number, (it, box) in enumerate(zip(annotations, boxes, strict=True)):
        places, wires = _contacts(labels, box)
        if it["label"] in _NETS:
            joined.add_edges_from((wire, _NETS[it["label"]]) for wire in wires)
        elif it["label"] == "cross":
            _go_straight(joined, box, places, wires)
        elif it["label"] in _TYPES:
            _hang(joined, number, it["pins"], places, wires)
    names: dict[Any, str] = {}
    for number, together in enumerate(nx.connected_components(joined)):
        name = next((it for it in _NETS.values() if it in together), f"n{number}")
        names.update(dict.fromkeys(together, name))
    netlist = []
    for number, it in enumerate(annotations):
        if it["label"] in _TYPES:
            kind, called = _TYPES[it["label"]]
            pins = {called.get(pin, pin): names[(number, pin)] for pin in it["pins"]}
            netlist.append(Part(kind, pins))
    return netlist


def _box(annotation: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    try:
        x0, y0, x1, y1 = (round(float(it)) for it in annotation["box"])
        _ = annotation["label"], annotation["pins"]
    except (KeyError, TypeError, ValueError):
        accepted = "must have label, box (x0, y0, x1, y1) and pins"
        raise InputError("annotation", annotation, accepted) from None
    return max(x0, 0), max(y0, 0), min(x1, shape[1]), min(y1, shape[0])


def _contacts(
    labels: npt.NDArray[np.int32], box: tuple[int, int, int, int]
) -> tuple[Floats, list[int]]:
    """Where wires meet the edge of a box, shape (contacts, 2), and which."""
    x0, y0, x1, y1 = box
    high, wide = labels.shape
    ring = [(x, y) for y in (y0 - 1, y1) for x in range(x0 - 1, x1 + 1)]
    ring += [(x, y) for x in (x0 - 1, x1) for y in range(y0, y1)]
    on: dict[int, list[tuple[int, int]]] = {}
    for x, y in ring:
        if 0 <= x < wide and 0 <= y < high and labels[y, x]:
            on.setdefault(int(labels[y, x]), []).append((x, y))
    places, wires = [], []
    for wire, pixels in on.items():
        # One wire may meet the edge more than once: pixels that lie apart are another contact.
        near = nx.Graph([(a, a) for a in pixels])
        near.add_edges_from(
            (a, b) for a in pixels for b in pixels if max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1
        )
        for group in nx.connected_components(near):
            places.append(np.mean(list(group), axis=0))
            wires.append(wire)
    return np.array(places, dtype=np.float64).reshape(-1, 2), wires


def _go_straight(
    joined: "nx.Graph[Any]", box: tuple[int, int, int, int], places: Floats, wires: list[int]
) -> None:
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    if not len(places):
        return
    across = np.abs(places - middle).argmax(axis=1)  # 0: left or right of it, 1: above or below
    for axis in (0, 1):
        on = [wire for wire, of in zip(wires, across.tolist(), strict=True) if of == axis]
        joined.add_edges_from(pairwise(on))


def _hang(
    joined: "nx.Graph[Any]",
    number: int,
    pins: Mapping[str, Sequence[float]],
    places: Floats,
    wires: list[int],
) -> None:
    """Give each pin the contact that makes the sum of all distances least."""
    names = list(pins)
    joined.add_nodes_from((number, name) for name in names)
    if not len(places):
        return
    at = np.array([pins[name] for name in names], dtype=np.float64)
    far = np.hypot(*(at[:, None] - places[None]).transpose(2, 0, 1))
    for pin, contact in zip(*linear_sum_assignment(far), strict=True):
        joined.add_edge((number, names[pin]), wires[contact])
