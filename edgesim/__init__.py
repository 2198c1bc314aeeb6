"""edgesim: a digital twin of wireless edge networks and 5G slices, as Gymnasium environments.

``import edgesim`` registers the environment ids; nothing heavier than Gymnasium is imported until
it is used.
"""

from edgesim.envs import register

__all__ = ["register"]

register()
