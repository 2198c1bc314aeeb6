"""edgesim: a digital twin of wireless edge networks and 5G slices, as Gymnasium environments.

``import edgesim`` registers the environment ids; nothing heavy is imported until it is used, not
even Gymnasium (:mod:`edgesim.registration` says how).
"""

from edgesim.problems import Problem, Score
from edgesim.registration import register, register_installed, register_problem

__all__ = ["Problem", "Score", "register", "register_problem"]

register()
register_installed()
