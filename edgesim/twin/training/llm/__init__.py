"""Training of large models: throughput, statistical efficiency, jobs and the cluster."""
