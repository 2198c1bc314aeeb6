"""How the functions of the kernel are compiled that others of it call."""

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled

__all__ = ["inlined"]

inlined = compiled(inline="always", **NO_ARRAYS_MADE)
"""Compile a function into its callers: to hand over tens of arrays costs more than the rules do."""
