"""What stays the same in all episodes of a scenario: systems to choose from, and their tables."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.ring.reading import read_cluster, read_model
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.placements import dllama, exo, llama_cpp
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.halda import halda
from edgesim.twin.ring.planning.planner import check_fits
from edgesim.twin.ring.planning.search import search, with_gpus_full
from edgesim.twin.ring.quality import token_worth

__all__ = ["NUMBERS", "RingWorld", "Tables"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """The systems (P), devices (M) and memory states (S = 2^M; bit m: memory of m is taken).

    Attributes:
        token_s: time of a token by system and memory state (P, S), s; inf: out of memory.
        uses: whether a system needs a device (P, M), 0 or 1.
        hop_s: of a token, the part in the air that goes with a device's link (P, M), s.
        layers: layers of each device (P, M).
        layer_bytes: weights of a layer.
        kv_bytes: keys and values of a layer and token.
        disk_bytes_per_s: of each device (M).
        link_bytes_per_s: of a link at its mean signal.
        drafts: numbers of proposed tokens to choose from (D).
        numbers: of the scenario, see :data:`NUMBERS`.
    """

    token_s: FloatArray
    uses: IntArray
    hop_s: FloatArray
    layers: IntArray
    layer_bytes: float
    kv_bytes: float
    disk_bytes_per_s: FloatArray
    link_bytes_per_s: float
    drafts: IntArray
    numbers: FloatArray


NUMBERS = (
    "horizon_s",
    "batch",
    "prefill_s",
    "draft_s",
    "small_token_s",
    "small_prefill_s",
    "small_quality",
    "ttft_s",
    "tpot_s",
    "late_cost",
    "refused_cost",
    "replan_cost",
    "monitor_s",
    "noise",
    "memory_left",
)
"""What each entry of :attr:`Tables.numbers` is."""


class RingWorld(Shared):
    """The devices, the model, and the systems among which is chosen while requests come.

    The plans are those that the search finds best where all memories are free, where one device's
    or all are taken, and without each device that can leave; Halda's; and what other programs
    would do. Equal plans stand once, under their first name.

    Attributes:
        scenario: the scenario.
        cluster: the devices.
        model: the large model.
        names: of the systems.
        plans: of each system; None where it has none.
        systems: number of a system by its name; several names may mean the same.
        tables: what the simulation takes.
        runs: whether a system runs in any memory state (P).

    Raises:
        InputError: the model cannot run on the devices.
    """

    def __init__(self, scenario: LLMRingScenario) -> None:
        self.scenario = scenario
        self.model = read_model(scenario.model)
        self.cluster = read_cluster(scenario.cluster, self.model.quantisation)
        check_fits(self.model, self.cluster)
        self.names: list[str] = []
        self.plans: list[RingPlan | None] = []
        self.systems: dict[str, int] = {}
        for name, plan in self._candidates():
            self._add(name, plan)
        self.tables = self._tables()
        self.runs = np.isfinite(self.tables.token_s).any(axis=1)

    def memory(self, state: int) -> list[float]:
        """Memory of each device for files (bytes) in a memory state."""
        left = self.scenario.changes.memory_left
        return [
            device.budget_bytes * (left if state >> index & 1 else 1.0)
            for index, device in enumerate(self.cluster.devices)
        ]

    def _candidates(self) -> list[tuple[str, RingPlan]]:
        model, cluster = self.model, self.cluster
        devices = cluster.devices
        all_taken = 2 ** len(devices) - 1
        published = halda(model, devices).plan
        found: list[tuple[str, RingPlan]] = []
        best = self._best(0)
        found.append(("halda", best if published is None else published))
        found.append(("free", best))
        for index, device in enumerate(devices):
            found.append((f"taken:{device.name}", self._best(1 << index)))
        found.append(("all taken", self._best(all_taken)))
        for index in range(1, len(devices)):
            found.append((f"without:{devices[index].name}", self._without(index)))
        _, name = llama_cpp(model, cluster)
        alone = next(n for n, device in enumerate(devices) if device.name == name)
        windows = [model.layers if n == alone else 0 for n in range(len(devices))]
        if alone:  # a ring's head has a layer at least
            windows[0], windows[alone] = 1, model.layers - 1
        found.append(("single", with_gpus_full(model, devices, windows, 1)))
        return found

    def _best(self, state: int) -> RingPlan:
        return search(self.model, self.cluster, cache_bytes=self.memory(state), most=1500).plan

    def _without(self, index: int) -> RingPlan:
        """The best plan of the other devices."""
        kept = [n for n in range(len(self.cluster.devices)) if n != index]
        fewer = replace(self.cluster, devices=tuple(self.cluster.devices[n] for n in kept))
        plan = search(self.model, fewer, most=1500).plan
        windows, on_gpu = [0] * len(self.cluster.devices), [0] * len(self.cluster.devices)
        for place, n in enumerate(kept):
            windows[n], on_gpu[n] = plan.windows[place], plan.on_gpu[place]
        return RingPlan(tuple(windows), tuple(on_gpu), plan.rounds)

    def _add(self, name: str, plan: RingPlan) -> None:
        if plan in self.plans:
            self.systems[name] = self.plans.index(plan)
            return
        self.systems[name] = len(self.names)
        self.names.append(name)
        self.plans.append(plan)

    def _tables(self) -> Tables:
        model, cluster, scenario = self.model, self.cluster, self.scenario
        count = len(cluster.devices)
        rows = [[self._token_s(plan, state) for state in range(2**count)] for plan in self.plans]
        uses, hops, layers = [], [], []
        air_s = 8.0 * model.activation_bytes / cluster.link_bps
        for plan in self.plans:
            assert plan is not None
            used = [int(w > 0) for w in plan.windows]
            ring = plan.rounds if sum(used) > 1 else 0
            uses.append(used)
            hops.append([ring * air_s * use for use in used])
            layers.append([plan.rounds * w for w in plan.windows])
        for name, placed in (("exo", exo(model, cluster)), ("dllama", dllama(model, cluster))):
            self.systems[name] = len(self.names)
            self.names.append(name)
            self.plans.append(None)
            # Pinned: it runs while all memories are free, and ends where one is taken
            rows.append([placed.token_s if state == 0 else np.inf for state in range(2**count)])
            uses.append([1] * count)
            hops.append([0.0] * count)
            layers.append([model.layers // count] * count)
        target, small, changes = scenario.target, scenario.small, scenario.changes
        numbers = (
            scenario.horizon_s,
            scenario.batch,
            scenario.prefill_ms / 1e3,
            scenario.draft_ms / 1e3,
            small.token_ms / 1e3,
            small.prefill_ms / 1e3,
            token_worth(small, scenario.requests.output_tokens),
            target.ttft_s,
            target.tpot_s,
            target.late_cost,
            target.refused_cost,
            target.replan_cost,
            changes.monitor_s,
            changes.noise,
            changes.memory_left,
        )
        return Tables(
            token_s=np.array(rows, dtype=np.float64),
            uses=np.array(uses, dtype=np.int64),
            hop_s=np.array(hops, dtype=np.float64),
            layers=np.array(layers, dtype=np.int64),
            layer_bytes=model.layer_bytes,
            kv_bytes=4.0 * model.kv_elements,
            disk_bytes_per_s=np.array([d.disk_bytes_per_s for d in cluster.devices]),
            link_bytes_per_s=cluster.link_bps / 8.0,
            drafts=np.array(scenario.drafts, dtype=np.int64),
            numbers=np.array(numbers, dtype=np.float64),
        )

    def _token_s(self, plan: RingPlan | None, state: int) -> float:
        assert plan is not None
        memory: Sequence[float] = self.memory(state)
        return decode(self.model, self.cluster, plan, cache_bytes=memory).token_s
