"""`python -m engine`: serve, paint a grid, fetch what is needed ahead, say what there is."""

import sys

from engine.apart import leave
from engine.command_line import main

leave(main(sys.argv[1:]))
