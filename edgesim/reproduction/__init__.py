"""Published figures and our own, drawn again from seeds: ``edgesim reproduce``.

A figure is one file here, which says what it needs trained and writes the tables, and one file in
:mod:`edgesim.plots`, which draws them. :data:`edgesim.reproduction.figures.FIGURES` names them all.
"""
