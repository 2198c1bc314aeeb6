"""``edgesim demo netlist IMAGE``: what is read of a schematic, with a picture of what was found."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgesim.files import replacing
from edgesim.services.extras import needs_extra
from edgesim.tables import console, show_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edgesim.config.services import DemoConfig
    from edgesim.services.schematics.reader import Reading

__all__ = ["demo"]


def demo(config: "DemoConfig") -> list[Path]:
    """Show the netlist of an image.

    Returns:
        the SPICE file, and the image with what was found drawn over it.

    Raises:
        InputError: the file holds no image, or no schematic.
    """
    needs_extra("services", "demo", "netlist")
    from edgesim.services.schematics.reader import read_image, read_schematic
    from edgesim.services.schematics.spice import to_spice

    image = read_image(config.input)
    reading = read_schematic(image)
    rows = [
        (it.name, it.type, ", ".join(f"{pin} on {net}" for pin, net in it.pins.items()))
        for it in reading.netlist
    ]
    show_table(console(), ("part", "type", "pins"), rows, words=("pins",))
    nets = {net for it in reading.netlist for net in it.pins.values()}
    console().print(
        f"{len(rows)} parts, {len(nets)} nets, {len(reading.crossings)} crossings of wires"
    )
    folder, stem = Path(config.out) / "netlist", Path(config.input).stem
    folder.mkdir(parents=True, exist_ok=True)
    text, picture = folder / f"{stem}.cir", folder / f"{stem}.png"
    with replacing(text) as part:
        part.write_text(to_spice(reading.netlist, f"{stem}, read by edgesim"), encoding="utf-8")
    with replacing(picture) as part:
        _picture(image, reading, part)
    return [text, picture]


def _picture(image: "npt.NDArray[np.uint8]", reading: "Reading", path: Path) -> None:
    """The image with boxes, names and pins, and a colour for each net."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    high, wide = image.shape
    figure = Figure(figsize=(max(wide / 60, 4), max(high / 60, 3)), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_axis_off()
    nets = sorted({net for it in reading.netlist for net in it.pins.values()})
    colour = {net: f"C{number % 10}" for number, net in enumerate(nets)}
    parts = [it for it in reading.found if it.kind != "ground"]
    for found, part in zip(parts, reading.netlist, strict=True):
        x0, y0, x1, y1 = found.box
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color="0.5", lw=0.8))
        axes.text(x1, y0, part.name, fontsize=7, color="0.3", va="bottom")
        for pin, (x, y) in found.pins.items():
            net = part.pins[pin]
            axes.plot(x, y, "o", color=colour[net], ms=4)
            axes.text(x, y, f" {net}", fontsize=6, color=colour[net], va="top")
    for x, y in reading.crossings:
        axes.plot(x, y, "x", color="red", ms=6)
    figure.savefig(path, format="png")
