# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own network, trace, providers and policy
#
# Nothing here changes edgesim. Files that you have take the place of what a scenario would draw.

# %%
import networkx as nx
import numpy as np
import pandas as pd

from edgesim.agents.measuring.rollout import rollout
from edgesim.scenarios import resolve

rng = np.random.default_rng(0)

# %% [markdown]
# ## A topology
#
# Any GraphML or GML file will do whose links have a length in km. This is a ring of eight cities
# with two chords.

# %%
ring = nx.cycle_graph(
    ["Kiel", "Rostock", "Berlin", "Dresden", "Munich", "Ulm", "Cologne", "Bremen"]
)
ring.add_edges_from([("Kiel", "Dresden"), ("Berlin", "Cologne")])
nx.set_edge_attributes(
    ring, {edge: float(rng.uniform(100, 400)) for edge in ring.edges}, "length_km"
)
nx.write_graphml(ring, "ring.graphml")

# %% [markdown]
# ## A trace of requests
#
# Each row asks for a chain of a slice's network functions between two of the cities.

# %%
requests = 150
ways = [rng.choice(list(ring), 2, replace=False) for _ in range(requests)]
trace = pd.DataFrame(
    {
        "arrival_s": np.sort(rng.uniform(0, 120, requests)),
        "slice": rng.choice(["embb", "urllc", "mmtc"], requests),
        "source": [source for source, _ in ways],
        "destination": [destination for _, destination in ways],
        "bandwidth_bps": rng.uniform(2e6, 6e7, requests),
        "max_delay_s": rng.uniform(0.05, 0.1, requests),
        "holding_s": rng.exponential(60, requests),
    }
)
trace.to_csv("requests.csv", index=False)

# %%
slices = resolve(
    "sfc",
    {
        "network.topology.source": "ring.graphml",
        "network.instances.hosts": 6,
        "trace": "requests.csv",
    },
)

# %% [markdown]
# ## A policy
#
# A policy is built from the environments that it decides in and a seed. `predict` decides for all
# of them at once: an observation has one row for each. This one takes the instance with the least
# delay among those that the mask allows; the observation says which of its entries are delays.


# %%
class LeastDelay:
    """The nearest instance through which the chain can be completed."""

    def __init__(self, envs, seed):
        self.space = envs[0].observation_space
        names = self.space.names
        self.delays = [names.index(f"delay {choice}") for choice in range(self.space.choices)]

    def predict(
        self, observation, state=None, episode_start=None, deterministic=False, action_masks=None
    ):
        allowed = action_masks[:, : self.space.choices]
        delays = np.where(allowed, observation[:, self.delays], np.inf)
        return np.argmin(delays, axis=1), state


# %% [markdown]
# ## Results as data frames
#
# The policies of edgesim are found by name. Each plays the same episodes: requests come from the
# trace, and background traffic, failures and noise from the seed.

# %%
from edgesim.agents.finding import find_policy

policies = {"mine": LeastDelay} | {
    name: find_policy(slices, name) for name in ("overload_avoidance", "greedy", "load_aware")
}
played = {
    name: rollout(slices, build, seeds=[1, 2], record=True) for name, build in policies.items()
}
episodes = pd.concat({name: pd.DataFrame(it.rows) for name, it in played.items()}, names=["policy"])
print(episodes.groupby("policy")[["qoe", "rejected", "delay_ms"]].mean().round(3))

# %% [markdown]
# Every event of an episode is a row of its log, an Arrow table.

# %%
log = played["mine"].logs[0].table().to_pandas()
print(log.groupby("event").size())

# %% [markdown]
# The same as a picture: QoE of each admitted chain over time, under two policies.

# %%
import matplotlib.pyplot as plt

from edgesim.plots.style import ACCENT, COLOURS, house

with house():
    drawn = plt.figure(figsize=(7.0, 2.8))
    axes = drawn.subplots()
for name, colour in (("mine", ACCENT), ("load_aware", COLOURS[1])):
    events = played[name].logs[0].table().to_pandas()
    admitted = events[events["event"] == "accept"]
    axes.plot(admitted["time_s"], admitted["value"], ".", color=colour, label=name)
axes.set_xlabel("time, s")
axes.set_ylabel("QoE at admission")
axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
# %% [markdown]
# ## A list of providers, and a trace of tasks
#
# The other problem takes files in the same way. Latency and utilisation are read from the log.

# %%
pd.DataFrame(
    {
        "TIMESTAMP": pd.date_range("2026-01-01", periods=200, freq="20min"),
        "GeneratedTokens": rng.integers(100, 250, 200),
    }
).to_csv("tasks.csv", index=False)

edge = resolve(
    "aigc_paper",
    {
        "trace": "tasks.csv",
        "trace_columns": {"arrival_s": "TIMESTAMP", "steps": "GeneratedTokens"},
        "providers": [
            {"capacity": 2000, "ax": 40, "ay": 0.1, "bx": 200, "by": 0.8},
            {"capacity": 1500, "ax": 0, "ay": 0.0, "bx": 160, "by": 0.6},
            {"capacity": 4000, "ax": 90, "ay": 0.2, "bx": 240, "by": 0.9},
        ],
    },
)


# %%
def most_room(twin, task):
    """The twin alone takes any function of itself and the task: no reinforcement learning."""
    return int(np.argmax(twin.available))


from edgesim.twin.aigc.workload import AIGCWorkload

twin = AIGCWorkload.alone(edge, np.random.SeedSequence(0), record=True)
ledger = twin.run(most_room)
events = twin.log.table().to_pandas()
finished = events[events["event"] == "finish"]
print(finished.groupby("provider")["value"].describe()[["count", "mean", "max"]].round(1))
print(f"finished {ledger.finished}, lost {ledger.lost}, refused {ledger.refused}")
