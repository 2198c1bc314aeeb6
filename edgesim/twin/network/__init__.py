"""The transport network: topology, links, routes, transfers, failures."""
