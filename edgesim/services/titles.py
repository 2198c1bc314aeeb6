"""The services by name, and a line on each. Nothing is imported: ``edgesim list`` reads it."""

from edgesim.plugins import entries

__all__ = ["SERVICES", "TITLES", "titles"]

TITLES = {
    "digits": "handwritten digits from noise, 16 px",
    "photo_inpaint": "photographs of which 75 % of the pixels were dropped, 64 px",
    "photo_inpaint_early": "as photo_inpaint, by a network that has learned less",
    "photo_inpaint_small": "as photo_inpaint, by a smaller network",
    "text_small_fp32": "text by a character model of 0.3 million weights of 32 bits",
    "text_small_int8": "as text_small_fp32, weights of 8 bits",
    "text_small_absmean": "as text_small_fp32, weights of -1, 0 and 1 (2.25 bits), as BitNet's",
    "text_small_twn": "as text_small_absmean, by the rule of ternary weight networks",
    "text_small_tequila": "as text_small_absmean, dead weights add a constant (Tequila)",
    "text_small_bias": "as text_small_absmean, with an ordinary bias that is learned",
    "text_large_int8": "text by a character model of 1.1 million weights of 8 bits",
    "text_large_absmean": "as text_large_int8, weights of -1, 0 and 1 (2.25 bits)",
}
"""The embedded services."""


_IMAGES = "edgesim.services.diffusion.embedded:embedded"

_TEXT = "edgesim.services.text.service:embedded"

SERVICES = {name: _TEXT if name.startswith("text_") else _IMAGES for name in TITLES}
"""What makes each of them; called with the :class:`edgesim.config.services.CalibrateConfig`."""


def titles() -> dict[str, str]:
    """The embedded services, and those that installed packages add."""
    added = {
        entry.name: f"of the package {entry.dist.name}" if entry.dist else entry.value
        for entry in entries("edgesim.services")
    }
    return {**added, **TITLES}
