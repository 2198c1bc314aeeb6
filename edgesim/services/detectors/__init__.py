"""Intrusion detection as a service: detectors of attack flows, trained, measured and timed."""
