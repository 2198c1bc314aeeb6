"""The compiled rules of many worlds of stage links: what their twin, rewards and observers do.

Read beside :mod:`edgesim.twin.sfc.workload` and :mod:`edgesim.twin.sfc.stage_links` (choices,
admission, release), :mod:`edgesim.envs.sfc.reward` (what they pay), :mod:`edgesim.envs.sfc.outlook`
(what lies ahead) and :mod:`edgesim.envs.sfc.observation` (what is seen). Sums are made in the order
in which they make them, so that not even a tie comes out another way. No constant stands here: all
come in :class:`Rules`, from the scenario, its world and its observer.

What the twin does by events goes by requests here: one request comes a second, and a chain of
request n and life L is released as request n + L comes.
"""
