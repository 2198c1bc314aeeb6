"""What the figure of all agents over all problems trains for service chains."""

from edgesim.reproduction.budget import Training
from edgesim.reproduction.sfc.learning import AGENTS
from edgesim.reproduction.sfc.learning import TRAININGS as PAPER

__all__ = ["TRAININGS"]

TRAININGS = (*PAPER, *(Training("sfc", agent, quick=False) for agent in AGENTS))
"""All agents on the authors' setting; on slices in the full budget alone."""
