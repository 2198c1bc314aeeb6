"""The version of edgesim, from the metadata of the installed package."""

from functools import cache

__all__ = ["version"]


@cache
def version() -> str:
    """The version that ``pyproject.toml`` states; "unknown" in a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("edgesim")
    except PackageNotFoundError:
        return "unknown"
