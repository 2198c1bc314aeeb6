"""Packing: how many machines a set of services needs, by methods that decide all at once.

An example of a problem of methods: nothing is decided step by step, so there is no environment.
Importing it registers it.
"""

from edgesim import Problem, Score, register_problem

register_problem(
    Problem(
        name="packing",
        presets="packing",
        schema="packing.methods:PackingScenario",
        policies="packing.methods:POLICIES",
        columns="packing.methods:COLUMNS",
        metrics="packing.methods:METRICS",
        score=Score("machines", better="lower", digits=2),
        play="packing.methods:play",
        default_scenario="packing",
        default_policy="first_fit",
    )
)
