"""The schematic reader as a service: pictures in, netlists out; its time follows its input.

What is chosen is the detector's size, px a unit of the drawing, told as the kilopixels that a mean
drawing has at it: so work is a number that time grows with. A drawing of another size has more or
fewer pixels at the same detector size, and parts take time of their own. Its parameters are the
pixels of its templates. It is an image service of one's own, as ``docs/extend/service.md``
describes them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from math import sqrt
from typing import Any

import numpy as np

from edgesim.config.services import CalibrateConfig
from edgesim.profiles.profile import Metric, Model, Score
from edgesim.services.extras import needs_extra
from edgesim.services.schematics.drawing import Picture, draw
from edgesim.services.schematics.netlist import Part, same_netlist
from edgesim.services.schematics.reader import NOMINAL_PX, read_schematic
from edgesim.services.schematics.templates import forget, templates
from edgesim.services.scores import ItemMetric, metric_of_items, score_of
from edgesim.services.service import Plan

__all__ = ["MEAN_KPX", "SchematicReader", "detector_px", "found_share", "reader"]

MEAN_KPX = 64.0
"""Kilopixels of a drawing at :data:`NOMINAL_PX` that counts as a mean one: a detector of s px is
then (s / 4)^2 of work. The first 100 seeds have 67.2 on average, from 25 to 107."""

_PLAN = Plan(
    items=40,
    work=(2, 3, 4, 5, 6, 8, 9, 16, 25, 36),  # detectors of 6, 7, 8, 9, 10, 11, 12, 16, 20, 24 px
    batches=(1, 2, 4),
    timed=(4, 16, 36),
)


class SchematicReader:
    """Reads drawn schematics, looked at with a detector of some size.

    Item ``k`` is the drawing of seed ``seed + k``. All pictures are of one scale, which the service
    knows; work is the kilopixels that a picture of :data:`MEAN_KPX` is scaled to before it is
    searched for parts, and others in proportion. Nets are followed at full size.

    Args:
        name: of the service.
        seed: of the first drawing.
    """

    task = "schematic_to_netlist"
    unit = "kilopixel"
    most_work = MEAN_KPX  # nothing is enlarged
    title = "netlists from drawn schematics, by templates and connected components"
    note = (
        "pictures drawn by edgesim.services.schematics.drawing; score: the whole netlist is right"
    )

    def __init__(self, name: str = "schematics", seed: int = 0) -> None:
        self.name, self._seed, self.plan = name, seed, _PLAN
        pixels = sum(it.ink.size for it in templates(NOMINAL_PX))
        self.weights_bytes = 2 * pixels  # each template is kept as its ink and what lies near it
        self.model = Model("edgesim/schematics", pixels, "MIT", weights_bytes=self.weights_bytes)

    def load(self) -> None:
        """Draw the templates, of all sizes at which it may look."""
        forget()
        for size in range(_LEAST_PX, int(NOMINAL_PX) + 1):
            templates(float(size))

    def prepare(self, items: Sequence[int]) -> None:
        """Draw the pictures: a server is sent them."""
        for item in items:
            _drawn(self._seed + item)

    def run(self, items: Sequence[int], work: Sequence[float]) -> list[list[dict[str, Any]]]:
        """The netlist of each picture: parts with their type and the net of each pin."""
        netlists = []
        for item, kilopixels in zip(items, work, strict=True):
            image = _drawn(self._seed + item).image
            found = read_schematic(image, NOMINAL_PX, detector_px(kilopixels)).netlist
            netlists.append([{"type": it.type, "pins": dict(it.pins)} for it in found])
        return netlists

    def inputs(self, items: Sequence[int]) -> tuple[list[float], list[float]]:
        """Pixels of each picture, and how many parts are drawn in it."""
        drawn = [_drawn(self._seed + item) for item in items]
        return [float(it.image.size) for it in drawn], [float(len(it.drawn)) for it in drawn]

    def score(
        self, work: Sequence[float], outputs: Sequence[Any]
    ) -> tuple[Mapping[str, Metric], Score]:
        """Whether each netlist is the one that was drawn, and the share of its parts found."""
        whole, parts = [], []
        for of in outputs:
            drawn = [_drawn(self._seed + number).netlist for number in range(len(of))]
            pairs = list(zip(of, drawn, strict=True))
            whole.append(np.array([float(same_netlist(it, true)) for it, true in pairs]))
            parts.append(np.array([found_share(it, true) for it, true in pairs]))
        values = {"netlist": whole, "parts": parts}
        metrics = {name: metric_of_items(_SHARE, work, of) for name, of in values.items()}
        return metrics, score_of("netlist", _SHARE, work, whole)


_SHARE = ItemMetric(np.asarray, "", "higher", 0.0, 1.0, needs_truth=False)


def found_share(found: Sequence[Any], drawn: Sequence[Part]) -> float:
    """Share of a schematic's parts that are found, by their types.

    Args:
        found: parts as mappings with ``type``.
        drawn: the true ones.
    """
    true = Counter(it.type for it in drawn)
    there = Counter(it["type"] for it in found)
    return (true & there).total() / true.total()


def detector_px(kilopixels: float) -> float:
    """Px a unit at which a mean drawing has so many kilopixels.

    Whole sizes, so that templates are drawn for few of them, from 6 to :data:`NOMINAL_PX`.
    """
    size = round(NOMINAL_PX * sqrt(kilopixels / MEAN_KPX))
    return float(min(max(size, _LEAST_PX), NOMINAL_PX))


_LEAST_PX = 6  # at which few parts are found


@cache
def _drawn(seed: int) -> Picture:
    return draw(seed)


def reader(config: CalibrateConfig) -> SchematicReader:
    """The reader that a configuration names.

    Raises:
        InputError: the extra is missing.
    """
    needs_extra("services", "service", config.service)
    return SchematicReader(config.service, config.seed)
