"""The name of a run's numbers: a digest of all that can change them.

It covers the configuration, the seed, the kind of device and the source of every module whose code
can change the outcome. Comments, docstrings and blank lines do not count, so better words never
make a committed checkpoint stale; changed code always does.
"""

import ast
import hashlib
import inspect
import io
import json
import sys
import tokenize
from dataclasses import asdict

from smwm_core import losses, objective, seeds, sigreg, training
from smwm_core.models import dynamics, encoder, world_model
from smwm_core.training import RunConfig
from smwm_core.worlds import make_world

_ALWAYS = (training, objective, losses, seeds, encoder, dynamics, world_model)


def fingerprint(config: RunConfig, seed: int, device_type: str) -> str:
    """Twelve hexadecimal digits that name the numbers of a run."""
    modules = [*_ALWAYS, sys.modules[type(make_world(config.world)).__module__]]
    if config.objective.sigreg:
        modules.append(sigreg)
    identity = {
        "config": asdict(config),
        "seed": seed,
        "device": device_type,
        "code": {module.__name__: code_digest(inspect.getsource(module)) for module in modules},
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def code_digest(source: str) -> str:
    """A digest of Python source that ignores comments, docstrings and blank lines.

    It works on text and positions only, so every Python version gives the same answer.
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            first, last = body[0].lineno, body[0].end_lineno
            lines[first - 1 : last] = [""] * (last - first + 1)
    kept = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(kept.encode()).hexdigest()
