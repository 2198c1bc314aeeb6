"""Every figure that ``edgesim reproduce`` knows: the registry. A new figure adds one entry here."""

from dataclasses import dataclass

__all__ = ["FIGURES", "Figure"]


@dataclass(frozen=True)
class Figure:
    """A figure and where it is made.

    Attributes:
        name: what the command calls it; its folder has this name.
        title: one line on what it shows.
        recipe: module with ``TRAININGS`` (what must be trained first, a sequence of
            :class:`edgesim.reproduction.budget.Training`) and ``tables(results, folder)``, which
            writes the CSV files into the folder and returns its findings.
        draw: import string of what draws the folder's ``figure.png`` and ``figure.svg`` from
            those files alone.
    """

    name: str
    title: str
    recipe: str
    draw: str


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "aigc_learning",
            "aigc_paper: all agents while they learn, beside baselines and bounds",
            "edgesim.reproduction.aigc.learning",
            "edgesim.plots.aigc.learning:draw",
        ),
        Figure(
            "aigc_tasks",
            "aigc_paper: finished, lost and refused tasks, and quality of a finished task",
            "edgesim.reproduction.aigc.tasks",
            "edgesim.plots.aigc.tasks:draw",
        ),
        Figure(
            "aigc_scale",
            "aigc_paper: return a request against the number of providers and against load",
            "edgesim.reproduction.aigc.scale",
            "edgesim.plots.aigc.scale:draw",
        ),
        Figure(
            "aigc_latency",
            "aigc_paper and aigc: time of a decision of every policy and agent",
            "edgesim.reproduction.aigc.latency",
            "edgesim.plots.aigc.latency:draw",
        ),
        Figure(
            "text_ternary",
            "language models of ternary weights: quality by rule, speed of packed weights by size",
            "edgesim.reproduction.services.text_ternary",
            "edgesim.plots.services.text_ternary:draw",
        ),
        Figure(
            "ids_treatments",
            "detectors of attacks: rare classes repeated, made or weighed, by macro-F1 and alarms",
            "edgesim.reproduction.services.ids_treatments",
            "edgesim.plots.services.ids_treatments:draw",
        ),
        Figure(
            "aigc_choices",
            "aigc_paper: where policies send requests, beside the hidden quality of providers",
            "edgesim.reproduction.aigc.choices",
            "edgesim.plots.aigc.choices:draw",
        ),
        Figure(
            "aigc_quality_model",
            "quality against denoising steps: providers as drawn, services as measured",
            "edgesim.reproduction.aigc.quality_model",
            "edgesim.plots.aigc.quality_model:draw",
        ),
        Figure(
            "wireless_lateness",
            "aigc: quality of finished tasks against the share that is late",
            "edgesim.reproduction.aigc.wireless_lateness",
            "edgesim.plots.aigc.wireless_lateness:draw",
        ),
        Figure(
            "wireless_map",
            "aigc: map of the network with who serves whom, under two policies",
            "edgesim.reproduction.aigc.wireless_map",
            "edgesim.plots.aigc.wireless_map:draw",
        ),
        Figure(
            "wireless_radio",
            "aigc: radio rate of a user as a distribution, and over the map",
            "edgesim.reproduction.aigc.wireless_radio",
            "edgesim.plots.aigc.wireless_radio:draw",
        ),
        Figure(
            "wireless_crash",
            "aigc: time line of a crash and its recovery",
            "edgesim.reproduction.aigc.wireless_crash",
            "edgesim.plots.aigc.wireless_crash:draw",
        ),
        Figure(
            "shared",
            "shared: what AIGC users and chains lose by each other, and what seeing links is worth",
            "edgesim.reproduction.shared",
            "edgesim.plots.shared:draw",
        ),
        Figure(
            "planner",
            "what looking ahead gains of the gap to the bound by the futures tried, and its cost",
            "edgesim.reproduction.planner",
            "edgesim.plots.planner:draw",
        ),
        Figure(
            "agents",
            "all agents over all scenarios: normalised scores, profiles, and who is tied",
            "edgesim.reproduction.agents",
            "edgesim.plots.agents:draw",
        ),
        Figure(
            "sfc_learning",
            "sfc_paper: QoE and rejections while learning, beside all policies and the bound",
            "edgesim.reproduction.sfc.learning",
            "edgesim.plots.sfc.learning:draw",
        ),
        Figure(
            "sfc_chains",
            "sfc: learning over whole chains from a random start, beside all rules",
            "edgesim.reproduction.sfc.chains",
            "edgesim.plots.sfc.chains:draw",
        ),
        Figure(
            "sfc_attack",
            "sfc_attack: damage of attacks against QoE as its price grows, for rules and an agent",
            "edgesim.reproduction.sfc.attack",
            "edgesim.plots.sfc.attack:draw",
        ),
        Figure(
            "sfc_load",
            "QoE against load, holding 1 to 10 times as long as the authors' chains",
            "edgesim.reproduction.sfc.load",
            "edgesim.plots.sfc.load:draw",
        ),
        Figure(
            "sfc_collector",
            "sfc: QoE against the period of the collector, from the truth to 60 s",
            "edgesim.reproduction.sfc.collector",
            "edgesim.plots.sfc.collector:draw",
        ),
        Figure(
            "sfc_measured_delay",
            "measured against true delay of every link, over two topologies",
            "edgesim.reproduction.sfc.measured_delay",
            "edgesim.plots.sfc.measured_delay:draw",
        ),
        Figure(
            "sfc_southbound",
            "southbound messages and bytes: piggybacked on discovery or probed separately",
            "edgesim.reproduction.sfc.southbound",
            "edgesim.plots.sfc.southbound:draw",
        ),
        Figure(
            "sfc_map",
            "sfc: the network by mean load of its links and hosts, under two policies",
            "edgesim.reproduction.sfc.map",
            "edgesim.plots.sfc.map:draw",
        ),
        Figure(
            "sfc_slices",
            "sfc: QoE and rejected share of eMBB, URLLC and mMTC, by policy",
            "edgesim.reproduction.sfc.slices",
            "edgesim.plots.sfc.slices:draw",
        ),
        Figure(
            "ring_published",
            "language models at home: prima.cpp's tables row by row beside the twin",
            "edgesim.reproduction.ring.published",
            "edgesim.plots.ring.published:draw",
        ),
        Figure(
            "ring_optimality",
            "language models at home: how far Halda ends from the best plan, on random clusters",
            "edgesim.reproduction.ring.optimality",
            "edgesim.plots.ring.optimality:draw",
        ),
        Figure(
            "vne",
            "virtual networks: policies and a bound beside what virne published",
            "edgesim.reproduction.vne.benchmark",
            "edgesim.plots.vne.benchmark:draw",
        ),
        Figure(
            "wan_scale_out",
            "training over a WAN: delay of one that joins, the greedy beside other mechanisms",
            "edgesim.reproduction.training.wan_scale_out",
            "edgesim.plots.training.wan_figures:draw_scale_out",
        ),
        Figure(
            "wan_events",
            "training over a WAN: events handled within how long, as round trips grow",
            "edgesim.reproduction.training.wan_events",
            "edgesim.plots.training.wan_figures:draw_events",
        ),
        Figure(
            "wan_idle",
            "training over a WAN: idle time under churn as the cluster grows",
            "edgesim.reproduction.training.wan_idle",
            "edgesim.plots.training.wan_figures:draw_idle",
        ),
        Figure(
            "wan_optimality",
            "training over a WAN: the greedy's shares where links are shared and rates move",
            "edgesim.reproduction.training.wan_optimality",
            "edgesim.plots.training.wan_figures:draw_optimality",
        ),
        Figure(
            "federated",
            "factories: accuracy of methods over rounds, seconds and bytes",
            "edgesim.reproduction.federated.methods",
            "edgesim.plots.federated.methods:draw",
        ),
        Figure(
            "federated_groups",
            "label divergence of devices that train together, by selector and grouping",
            "edgesim.reproduction.federated.groups",
            "edgesim.plots.federated.groups:draw",
        ),
        Figure(
            "federated_links",
            "factories: time of a round where the server, devices' links or computing bind",
            "edgesim.reproduction.federated.links",
            "edgesim.plots.federated.links:draw",
        ),
        Figure(
            "federated_codecs",
            "codecs of updates: accuracy, bytes, and what a server reads of an image",
            "edgesim.reproduction.federated.codecs",
            "edgesim.plots.federated.codecs:draw",
        ),
        Figure(
            "llm_settings",
            "training of large models: COPUS's rule and its baselines in its four settings",
            "edgesim.reproduction.training.llm_settings",
            "edgesim.plots.training.llm_figures:draw_settings",
        ),
        Figure(
            "llm_fit",
            "Pollux's model of a step's time: error on what was not fitted",
            "edgesim.reproduction.training.llm_fit",
            "edgesim.plots.training.llm_figures:draw_fit",
        ),
        Figure(
            "llm_jobs",
            "many trainings on one cluster: mean completion by scheduler",
            "edgesim.reproduction.training.llm_jobs",
            "edgesim.plots.training.llm_figures:draw_jobs",
        ),
        Figure(
            "training_checks",
            "elastic training: noise scales of small models and a real all-reduce, by estimate",
            "edgesim.reproduction.training.checks",
            "edgesim.plots.training.llm_figures:draw_checks",
        ),
    )
}
