"""Traces of Pollux (Apache-2.0): step times, gradient statistics and workloads."""
