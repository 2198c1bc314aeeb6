"""Machines at the edge: batched services, VNF hosts."""
