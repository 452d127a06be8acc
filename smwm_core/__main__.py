"""The former name of the command line; it is ``smwm``, or ``python -m smwm_book``, now."""

import runpy
import sys

print("The command line is called smwm now, or python -m smwm_book.", file=sys.stderr)
runpy.run_module("smwm_book", run_name="__main__", alter_sys=True)
