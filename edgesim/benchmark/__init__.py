"""How fast edgesim decides: ``edgesim benchmark``.

Everything is measured in one run, in CPU seconds, round by round, beside SimPy alone: on a machine
that is shared or slow the ratios hold where the rates do not.
"""
