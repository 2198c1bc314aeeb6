"""Memory that a measured service takes, against the items of a batch."""

from pathlib import Path

from edgesim.plots.services.labels import items_label
from edgesim.plots.style import ACCENT, GREY, figure, save
from edgesim.profiles.profile import load_profile

__all__ = ["draw"]

_MIB = 2**20


def draw(folder: Path) -> Path:
    """Draw ``memory.png`` of a calibration's folder, from its ``profile.json`` alone.

    Returns:
        path of the picture.

    Raises:
        InputError: there is no profile, or it cannot be read.
    """
    profile = load_profile(folder / "profile.json")
    memory = profile.memory
    batches = [sample.batch for sample in memory.by_batch]
    with figure(6.0, 4.0) as drawn:
        axes = drawn.add_subplot()
        at = [0, max(batches)]
        fixed, each = memory.fixed_bytes / _MIB, memory.bytes_per_item / _MIB
        label = f"{fixed:.1f} MiB + {each:.2f} MiB an {items_label(profile)}"
        line = [memory.bytes_of(count) / _MIB for count in at]
        axes.plot(at, line, color=GREY, linewidth=1.5, label=label)
        peaks = [sample.bytes / _MIB for sample in memory.by_batch]
        axes.plot(batches, peaks, "o", color=ACCENT, label="measured")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f"{items_label(profile)}s of a batch")
        axes.set_ylabel("peak memory (MiB)")
        axes.set_title(f"{profile.name}: weights and activations")
        axes.legend(fontsize=9, frameon=False)
        return save(drawn, folder / "memory.png")
