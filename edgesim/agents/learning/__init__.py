"""How an agent is trained: the learner, its callbacks, and the run that they make."""
