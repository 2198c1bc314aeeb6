"""Words on the axes of a measured service's figures."""

from edgesim.profiles.profile import ServiceProfile

__all__ = ["items_label", "work_label"]


def work_label(profile: ServiceProfile) -> str:
    """What the work of a service is counted in."""
    return "denoising steps" if profile.unit == "step" else f"{profile.unit}s"


def items_label(profile: ServiceProfile) -> str:
    """What a service makes one of at a time."""
    return "image" if profile.unit == "step" else "item"
