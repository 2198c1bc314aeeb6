"""``python -m edgesim``: the same as ``edgesim``."""

import sys

from edgesim.cli import main

if __name__ == "__main__":
    sys.exit(main())
