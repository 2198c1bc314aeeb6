"""The SDN controller, its southbound channel, and the collector that measures links."""
