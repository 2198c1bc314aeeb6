"""What trains and what decides in federated learning, by name; imported when it is used."""

from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "METHODS", "POLICIES", "SELECTIONS"]

_RULES = "edgesim.methods.federated.rules"

_RATE = {"rate": 0.0}
"""0: the method's own, see :attr:`edgesim.methods.federated.method.Method.default_rate`."""
_CODED = {**_RATE, "codec": "fp32"}
_GROUPED = {
    **_RATE,
    "schedule": "linear",
    "alpha": 0.1,
    "beta": 4,
    "kappa": 0.0,
    "grouping": "icg",
}

# Methods are slow: a table of policies that decide has no place for them unless they are named.
METHODS: dict[str, PolicySpec] = {
    "fedavg": PolicySpec(
        "devices train from the global model, their mean is the next",
        f"{_RULES}.fedavg:FedAvg",
        slow=True,
        options=_CODED,
    ),
    "fedprox": PolicySpec(
        "fedavg whose devices are held near the global model",
        f"{_RULES}.fedprox:FedProx",
        slow=True,
        options={**_CODED, "mu": 0.01},
    ),
    "fedadam": PolicySpec(
        "fedavg whose server takes Adam steps",
        f"{_RULES}.adaptive:FedAdam",
        slow=True,
        options={**_CODED, "server_rate": 0.03, "tau": 0.001},
    ),
    "fedyogi": PolicySpec(
        "fedavg whose server takes Yogi steps",
        f"{_RULES}.adaptive:FedYogi",
        slow=True,
        options={**_CODED, "server_rate": 0.03, "tau": 0.001},
    ),
    "scaffold": PolicySpec(
        "fedavg with control variates against drift",
        f"{_RULES}.scaffold:Scaffold",
        slow=True,
        options=_CODED,
    ),
    "hierarchical": PolicySpec(
        "fedavg whose edge servers average between rounds",
        f"{_RULES}.hierarchical:Hierarchical",
        slow=True,
        options={**_RATE, "period": 5},
    ),
    "sequential": PolicySpec(
        "one model goes from device to device",
        f"{_RULES}.sequential:Sequential",
        slow=True,
        options=_RATE,
    ),
    "fedgs": PolicySpec(
        "every step's devices are chosen by the labels of their next batches",
        f"{_RULES}.fedgs:FedGS",
        slow=True,
        options={**_RATE, "selector": "gbp_cs", "random": 2, "decide_s": 0.001},
    ),
    "fedgsp": PolicySpec(
        "chains over groups of unlike devices, more and more of them",
        f"{_RULES}.fedgsp:FedGSP",
        slow=True,
        options={**_GROUPED, "frequency": 1},
    ),
    "hfedms": PolicySpec(
        "fedgsp on a stream: last layers alone between rounds, and a memory",
        f"{_RULES}.hfedms:HFedMS",
        slow=True,
        options={
            **_GROUPED,
            "frequency": 3,
            "memory": 200,
            "compensation": 1,
            "head_rate": 0.0,
            "distilled": 0.1,
        },
    ),
}
"""Methods: they train as they are made to, and decide nothing in between."""

_HERE = "edgesim.agents.federated.policies"

SELECTIONS: dict[str, PolicySpec] = {
    "random": PolicySpec("any devices", f"{_HERE}:Random"),
    "round_robin": PolicySpec("devices that have not trained for longest", f"{_HERE}:RoundRobin"),
    "fastest": PolicySpec("devices whose rounds alone are shortest", f"{_HERE}:Fastest"),
    "fast_half": PolicySpec("any devices of the faster half", f"{_HERE}:FastHalf"),
    "label_greedy": PolicySpec(
        "one by one, who brings the labels nearest to everybody's", f"{_HERE}:LabelGreedy"
    ),
    "gbp_cs": PolicySpec("GBP-CS on labels, of some that are drawn", f"{_HERE}:GbpCs"),
    "greedy_swap": PolicySpec(
        "greedy with exact exchanges on labels, of some that are drawn", f"{_HERE}:GreedySwap"
    ),
    "power_of_choice": PolicySpec(
        "of twice as many as are chosen, those of the highest loss", f"{_HERE}:PowerOfChoice"
    ),
    "oort": PolicySpec("by loss and speed, with exploration", f"{_HERE}:Oort"),
    "milp": PolicySpec(
        "the best labels among the faster half of some that are drawn, by an integer program",
        f"{_HERE}:MILP",
        slow=True,
    ),
    "ideal": PolicySpec(
        "no policy, and not proven: all devices in every round, in the time of the fastest",
        "edgesim.agents.federated.ideal:ideal",
        knows_hidden=True,
        bound=True,
        proven=False,
    ),
}
"""What chooses the devices of a round in ``edgesim/FL-v0``."""

POLICIES: dict[str, PolicySpec] = SELECTIONS | METHODS

COLUMNS = (
    Column("accuracy", ("accuracy",), digits=3),
    Column("rounds", ("rounds",), digits=0),
    Column("to target", ("rounds_to_target",), digits=0),
    Column("edge MB", ("edge_mb",), digits=0),
    Column("WAN MB", ("wan_mb",), digits=0),
    Column("s", ("seconds",), digits=0),
)
