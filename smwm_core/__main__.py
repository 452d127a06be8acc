"""Entry point of ``python -m smwm_core``."""

import sys

from smwm_core.cli import main

sys.exit(main())
