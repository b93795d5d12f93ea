"""`python -m engine`: serve, paint a grid, fetch what is needed ahead, say what there is."""

import sys

from engine.command_line import main

sys.exit(main(sys.argv[1:]))
