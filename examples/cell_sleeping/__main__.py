"""edgesim's commands with this problem: ``python -m cell_sleeping list``."""

import sys

from edgesim.commands.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
