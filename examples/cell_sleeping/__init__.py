"""Cell sleeping: which small cells are switched off until demand comes back.

An example of a problem that lives outside edgesim. Importing it registers it.
"""

from edgesim import Problem, Score, register_problem

register_problem(
    Problem(
        name="cell_sleeping",
        presets="cell_sleeping",
        schema="cell_sleeping.schema:CellSleepingScenario",
        env_id="cell_sleeping/CellSleeping-v0",
        env="cell_sleeping.env:CellSleepingEnv",
        policies="cell_sleeping.policies:POLICIES",
        columns="cell_sleeping.policies:COLUMNS",
        metrics="cell_sleeping.env:METRICS",
        score=Score("cost_wh", better="lower"),
        picture="cell_sleeping.picture:draw",
        default_scenario="cell_sleeping",
        default_policy="all_on",
        default_agent="ppo",
    )
)
