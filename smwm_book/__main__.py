"""Entry point of ``python -m smwm_book``."""

import sys

from smwm_book.cli import main

sys.exit(main())
