"""Run folders side by side: gathered, aggregated over seeds and episodes, with intervals."""
