"""The schematic reader as a service: pictures in, netlists out; its time follows the pixels.

Its parameters are the pixels of its templates. It is an image service of one's own, as
``docs/extend/service.md`` describes them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from edgesim.config.services import CalibrateConfig
from edgesim.profiles.profile import Model
from edgesim.services.extras import needs_extra
from edgesim.services.schematics.drawing import Picture, draw
from edgesim.services.schematics.netlist import same_netlist
from edgesim.services.schematics.reader import NOMINAL_PX, read_schematic
from edgesim.services.schematics.templates import templates
from edgesim.services.service import Plan

__all__ = ["SchematicReader", "reader"]

_PLAN = Plan(
    items=40,
    work=(0.01, 0.02, 0.04, 0.07, 0.1, 0.15),
    batches=(1, 2, 4),
    timed=(0.02, 0.07, 0.15),
)


class SchematicReader:
    """Reads drawn schematics that are looked at with some number of megapixels.

    Item ``k`` is the drawing of seed ``seed + k``. All pictures are of one scale, which the service
    knows; work is the megapixels that a picture is scaled to before it is looked at, so a picture
    of many parts is looked at with fewer a part.

    Args:
        name: of the service.
        seed: of the first drawing.
    """

    task = "schematic_to_netlist"
    unit = "megapixel"
    title = "netlists from drawn schematics, by templates and connected components"
    note = (
        "pictures drawn by edgesim.services.schematics.drawing; score: the whole netlist is right"
    )
    loading_is_timed = False

    def __init__(self, name: str = "schematics", seed: int = 0) -> None:
        self.name, self._seed, self.plan = name, seed, _PLAN
        pixels = sum(it.ink.size for it in templates(NOMINAL_PX))
        self.weights_bytes = 2 * pixels  # each template is kept as its ink and what lies near it
        self.model = Model("edgesim/schematics", pixels, "MIT", weights_bytes=self.weights_bytes)

    def load(self) -> None:
        """Nothing is read: templates are drawn when a size is first asked for."""

    def run(self, items: Sequence[int], work: Sequence[float]) -> list[list[dict[str, Any]]]:
        """The netlist of each picture: parts with their type and the net of each pin."""
        netlists = []
        for item, megapixels in zip(items, work, strict=True):
            image = _drawn(self._seed + item).image
            pixels = NOMINAL_PX * float(np.sqrt(1e6 * megapixels / image.size))
            # Whole sizes, so that templates are drawn for few of them; nothing is enlarged.
            size = float(min(max(round(pixels), 6), NOMINAL_PX))
            found = read_schematic(image, NOMINAL_PX, size).netlist
            netlists.append([{"type": it.type, "pins": dict(it.pins)} for it in found])
        return netlists

    def score(self, work: Sequence[float], outputs: Sequence[Any]) -> list[list[float]]:
        """1 where a netlist is the one that was drawn, 0 elsewhere; shape (work, items)."""
        return [
            [
                float(same_netlist(it, _drawn(self._seed + number).netlist))
                for number, it in enumerate(of)
            ]
            for of in outputs
        ]


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
