"""The commands by name, with a line on each, and the function that does its work."""

__all__ = ["COMMANDS", "TASKS"]

COMMANDS = {
    "train": "train an agent and measure it beside every baseline on the same held-out episodes",
    "tune": "search an agent's keys for those by which it learns best (extra tune)",
    "evaluate": "measure baselines and trained agents on the same held-out episodes",
    "simulate": "run one episode of the twin: event log, summary, picture",
    "compare": "gather trainings, evaluations and policies into one table and one figure",
    "whatif": "the same episodes with and without a change, or with each single failure",
    "export": "write a run as a model folder with a card, as the Hugging Face hub has them",
    "reproduce": "draw published figures and our own again from seeds, with the tables behind them",
    "plan": "share a language model's layers out among the devices of a home, and say why",
    "measure-device": "measure this machine for edgesim plan: memory, disk, matrix products",
    "benchmark": "measure decisions a CPU-second, beside SimPy alone",
    "swarm": "random worlds under random faults and policies, with every invariant looked at",
    "calibrate": "measure a service (images, text, detectors, readers): quality, time, memory",
    "calibrate-train": "train the weights of an embedded service again, from data in kept packages",
    "validate": "run a real server of a service, or a real ring, beside the twin's",
    "demo": "run a measured service on a file of yours and show what it makes of it",
    "new": "write a commented file to start from: a scenario, a policy or an agent of your own",
    "list": "show scenarios, agents, policies, figures and services",
    "completion": "print the shell's completion script: bash, zsh or fish",
}

TASKS = {
    "train": "edgesim.agents.learning.training:train",
    "tune": "edgesim.agents.tuning.command:tune",
    "evaluate": "edgesim.agents.measuring.command:evaluate",
    "simulate": "edgesim.agents.measuring.simulation:simulate",
    "compare": "edgesim.agents.comparing.comparison:compare_runs",
    "whatif": "edgesim.agents.whatif.command:whatif",
    "export": "edgesim.agents.runs.export:export",
    "reproduce": "edgesim.reproduction.reproduce:reproduce",
    "plan": "edgesim.agents.ring.plan:plan",
    "measure-device": "edgesim.services.ring.measuring:measure_device",
    "benchmark": "edgesim.benchmark.run:benchmark",
    "swarm": "edgesim.swarm.command:swarm",
    "calibrate": "edgesim.services.calibration:calibrate",
    "calibrate-train": "edgesim.services.training:train",
    "validate": "edgesim.services.validation:validate",
    "demo": "edgesim.services.demo:demo",
}
