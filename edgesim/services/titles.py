"""The services by name, and a line on each. Nothing is imported: ``edgesim list`` reads it."""

from edgesim.plugins import entries

__all__ = ["SERVICES", "TITLES", "titles"]

TITLES = {
    "digits": "handwritten digits from noise, 16 px",
    "photo_inpaint": "photographs of which 75 % of the pixels were dropped, 64 px",
    "photo_inpaint_early": "as photo_inpaint, by a network that has learned less",
    "photo_inpaint_small": "as photo_inpaint, by a smaller network",
}
"""The embedded services."""


_IMAGES = "edgesim.services.diffusion.embedded:embedded"

SERVICES = dict.fromkeys(
    ("digits", "photo_inpaint", "photo_inpaint_early", "photo_inpaint_small"), _IMAGES
)
"""What makes each of them; called with the :class:`edgesim.config.services.CalibrateConfig`."""


def titles() -> dict[str, str]:
    """The embedded services, and those that installed packages add."""
    added = {
        entry.name: f"of the package {entry.dist.name}" if entry.dist else entry.value
        for entry in entries("edgesim.services")
    }
    return {**added, **TITLES}
