"""The embedded services, and a line on each. Nothing is imported: ``edgesim list`` reads it."""

__all__ = ["TITLES"]

TITLES = {
    "digits": "handwritten digits from noise, 16 px",
    "photo_inpaint": "photographs of which 75 % of the pixels were dropped, 64 px",
    "photo_inpaint_early": "as photo_inpaint, by a network that has learned less",
    "photo_inpaint_small": "as photo_inpaint, by a smaller network",
}
