"""``python -m edgesim``: the same as ``edgesim``."""

import sys

from edgesim.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
