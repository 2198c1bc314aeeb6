"""Clusters that can be named: a YAML file each."""
