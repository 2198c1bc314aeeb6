"""What the figure of all agents over all problems trains for AIGC."""

from edgesim.reproduction.aigc.learning import AGENTS
from edgesim.reproduction.aigc.learning import TRAININGS as PAPER
from edgesim.reproduction.budget import Training

__all__ = ["TRAININGS"]

TRAININGS = (*PAPER, *(Training("aigc", agent, quick=agent == AGENTS[0]) for agent in AGENTS))
"""All agents on the authors' setting; on the wireless one, the default agent where it is quick."""
