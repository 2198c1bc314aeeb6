"""Schema of a scenario of language models on a ring of devices: who asks, and what changes."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.numbers import LARGEST_SEED
from edgesim.scenarios.checks import at_least, between, integer_from, positive, requests_of
from edgesim.scenarios.parts.failures import SHAPES
from edgesim.scenarios.ring.reading import read_cluster, read_model
from edgesim.scenarios.settings import setting

__all__ = ["Changes", "LLMRingScenario", "Requests", "SmallModel", "Target"]

MOST_DEVICES = 8
"""Devices of a ring that serves: memory states are tabulated, two to the power of their number."""


@dataclass
class Requests:
    """Who asks for how many tokens, and when."""

    rate_hz: float = setting(0.05, "1/s; requests that arrive (Poisson)")
    trace: str | None = setting(
        None,
        "CSV of real requests with TIMESTAMP, ContextTokens, GeneratedTokens instead (the Azure"
        " LLM traces); null: drawn",
    )
    trace_stretch: float = setting(
        1.0, "times of a trace are multiplied by it: a home has fewer requests than a data centre"
    )
    prompt_tokens: float = setting(60.0, "mean tokens of a prompt, log-normal")
    output_tokens: float = setting(60.0, "mean tokens of an answer, log-normal")
    spread: float = setting(0.8, "standard deviation of their logarithms")
    acceptance: list[float] = setting(
        [0.3, 0.7], "acceptance of proposed tokens, of each request, uniform"
    )

    def check(self) -> None:
        positive("requests.rate_hz", self.rate_hz)
        positive("requests.trace_stretch", self.trace_stretch)
        at_least("requests.prompt_tokens", self.prompt_tokens, 1)
        at_least("requests.output_tokens", self.output_tokens, 1)
        between("requests.spread", self.spread, 0, 3)
        if len(self.acceptance) != 2:
            raise InputError("requests.acceptance", self.acceptance, "must be [from, to]")
        for share in self.acceptance:
            between("requests.acceptance", share, 0, 1)
        if self.acceptance[0] > self.acceptance[1]:
            raise InputError("requests.acceptance", self.acceptance, "must be [from, to]")


@dataclass
class SmallModel:
    """A small model on a device of its own, one request at a time."""

    token_ms: float = setting(60.0, "ms a token")
    prefill_ms: float = setting(2.0, "ms a token of the prompt")
    quality: float = setting(0.6, "what a token of it is worth, one of the large model being 1")
    service: str | None = setting(
        None, "profile of a measured service of texts by whose accuracy it is worth instead"
    )
    beside: str = setting("text_large_absmean", "profile over whose accuracy that is")

    def check(self) -> None:
        positive("small.token_ms", self.token_ms)
        at_least("small.prefill_ms", self.prefill_ms, 0)
        between("small.quality", self.quality, 0, 1)


@dataclass
class Target:
    """When an answer is in time, and what tokens are worth."""

    ttft_s: float = setting(20.0, "s; longest time to the first token")
    tpot_s: float = setting(1.2, "s; longest mean time between tokens")
    late_cost: float = setting(0.5, "what a late token costs, one in time being worth 1")
    refused_cost: float = setting(0.2, "what a token that is refused costs")
    replan_cost: float = setting(0.05, "what a new plan costs besides its time, in 100 tokens")

    def check(self) -> None:
        positive("target.ttft_s", self.ttft_s)
        positive("target.tpot_s", self.tpot_s)
        for key in ("late_cost", "refused_cost", "replan_cost"):
            at_least(f"target.{key}", getattr(self, key), 0)


@dataclass
class Changes:
    """What changes about the devices while they serve."""

    memory_left: float = setting(
        0.6, "share of its memory that a device has left while other applications take theirs"
    )
    memory_busy_s: float = setting(240.0, "s; mean time for which they take it, exponential")
    memory_free_s: float = setting(240.0, "s; mean time for which they do not")
    memory_shape: float = setting(1.0, "Weibull shape of these two; 1: exponential")
    away_after_s: float = setting(1800.0, "s; mean time until a device (not the head) leaves")
    away_s: float = setting(120.0, "s; mean time until it is back")
    away_shape: float = setting(1.0, "Weibull shape of these two; 1: exponential")
    wifi_db: float = setting(
        4.0, "dB; standard deviation of each device's signal, of which its rate follows"
    )
    wifi_snr_db: float = setting(22.0, "dB; mean signal over noise, at which link_mbps holds")
    wifi_s: float = setting(60.0, "s; how long a signal stays alike")
    others_busy_s: float = setting(
        0.0,
        "s; mean time for which others in the home send over the same Wi-Fi, whose air is then"
        " shared; 0: nobody does",
    )
    others_quiet_s: float = setting(120.0, "s; mean time for which they do not")
    monitor_s: float = setting(15.0, "s; period of measurements, each a chance to plan anew")
    noise: float = setting(0.1, "standard deviation of what is measured, over what it is")

    def check(self) -> None:
        between("changes.memory_left", self.memory_left, 0.05, 1)
        for key in ("memory_busy_s", "memory_free_s", "away_after_s", "away_s", "wifi_s"):
            positive(f"changes.{key}", getattr(self, key))
        for key in ("memory_shape", "away_shape"):
            between(f"changes.{key}", getattr(self, key), *SHAPES)
        positive("changes.others_quiet_s", self.others_quiet_s)
        at_least("changes.others_busy_s", self.others_busy_s, 0)
        at_least("changes.wifi_db", self.wifi_db, 0)
        between("changes.wifi_snr_db", self.wifi_snr_db, 0, 60)
        at_least("changes.monitor_s", self.monitor_s, 0.1)
        between("changes.noise", self.noise, 0, 2)


@dataclass
class LLMRingScenario:
    """A large model on the devices of a home, a small one beside it, and requests for tokens.

    Raises:
        InputError: a value is out of its range (on construction).
    """

    problem: str = setting("ring", "the problem whose keys these are")
    name: str = ""
    title: str = setting("", "one line on the scenario")
    world_seed: int = setting(0, "seed of what is the same in every episode: nothing is drawn")
    cluster: str = setting("prima_home", "the devices: a shipped cluster, or a YAML file")
    model: str = setting("llama3-70b", "the large model: a shipped one, or a YAML file")
    horizon_s: float = setting(1800.0, "s; requests arrive up to here")
    batch: int = setting(4, "requests that the ring serves at once")
    prefill_ms: float = setting(20.0, "ms; the ring's time of a token of a prompt")
    draft_ms: float = setting(3.0, "ms; a proposed token")
    drafts: list[int] = setting([0, 3, 6], "numbers of proposed tokens to choose from")
    requests: Requests = setting(Requests(), "the requests")
    small: SmallModel = setting(SmallModel(), "the small model")
    target: Target = setting(Target(), "when answers are in time, and what they are worth")
    changes: Changes = setting(Changes(), "what changes about the devices")

    def __post_init__(self) -> None:
        integer_from("world_seed", self.world_seed, 0, LARGEST_SEED)
        positive("horizon_s", self.horizon_s)
        integer_from("batch", self.batch, 1, 64)
        at_least("prefill_ms", self.prefill_ms, 0)
        at_least("draft_ms", self.draft_ms, 0)
        if not self.drafts or self.drafts[0] != 0:
            raise InputError("drafts", self.drafts, "must begin with 0, which proposes nothing")
        for draft in self.drafts:
            integer_from("drafts", draft, 0, 16)
        for part in (self.requests, self.small, self.target, self.changes):
            part.check()
        requests_of("horizon_s", self.horizon_s, self.requests.rate_hz)
        if self.horizon_s / self.changes.monitor_s > 1e6:
            raise InputError("changes.monitor_s", self.changes.monitor_s, "is too short: ends late")
        model = read_model(self.model)
        cluster = read_cluster(self.cluster, model.quantisation)
        if len(cluster.devices) > MOST_DEVICES:
            accepted = f"has {len(cluster.devices)} devices; at most {MOST_DEVICES} can serve"
            raise InputError("cluster", self.cluster, accepted)
        self._devices = len(cluster.devices)

    def expected_events(self) -> dict[str, float]:
        """About how often what takes time to simulate happens in an episode, at the least.

        What happens to devices is drawn up to twice the horizon. Of a trace nothing is known before
        it is read. Tokens are not counted: they take no events but in the full form.
        """
        changes, drawn_s = self.changes, 2.0 * self.horizon_s
        memory = 2.0 * drawn_s / (changes.memory_free_s + changes.memory_busy_s)
        away = 2.0 * drawn_s / (changes.away_after_s + changes.away_s)
        signals = drawn_s / changes.wifi_s if changes.wifi_db > 0 else 0.0
        events = {
            "measurements": self.horizon_s / changes.monitor_s,
            "changes of devices' memory": self._devices * memory,
            "devices that leave and come back": (self._devices - 1) * away,
            "changes of devices' signals": self._devices * signals,
        }
        if changes.others_busy_s > 0:
            others_s = changes.others_quiet_s + changes.others_busy_s
            events["others on the Wi-Fi who come and go"] = 2.0 * drawn_s / others_s
        if self.requests.trace is None:
            events["requests"] = self.requests.rate_hz * self.horizon_s
        return events
