"""The name of a run's numbers: a digest of all that can change them.

It covers the configuration, the seed, the kind of device and the source of every module whose code
can change the outcome. Comments, docstrings and layout do not count, so better words never make a
committed checkpoint stale; changed code always does.
"""

import ast
import hashlib
import inspect
import json
import sys
from dataclasses import asdict

from smwm_core import helpers, losses, objective, seeds, sigreg, training, vicreg
from smwm_core.models import decoder, dynamics, encoder, world_model
from smwm_core.training import RunConfig
from smwm_core.worlds import make_world, transitions

_ALWAYS = (training, objective, helpers, losses, seeds, encoder, dynamics, world_model, transitions)
_WHERE_USED = {"sigreg": sigreg, "vicreg": vicreg, "reconstruction": decoder}


def fingerprint(config: RunConfig, seed: int, device_type: str) -> str:
    """Twelve hexadecimal digits that name the numbers of a run."""
    modules = [*_ALWAYS, sys.modules[type(make_world(config.world)).__module__]]
    modules += [module for term, module in _WHERE_USED.items() if getattr(config.objective, term)]
    identity = {
        "config": _plain(asdict(config)),
        "seed": seed,
        "device": device_type,
        "code": {module.__name__: code_digest(inspect.getsource(module)) for module in modules},
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def code_digest(source: str) -> str:
    """A digest of Python source that ignores comments, docstrings and layout.

    It reads the syntax tree and leaves out what only some Python versions put into it, so all
    supported versions give the same answer.
    """
    return hashlib.sha256(repr(_canonical(ast.parse(source))).encode()).hexdigest()


def _canonical(node):
    if isinstance(node, list):
        return [_canonical(entry) for entry in node]
    if not isinstance(node, ast.AST):
        return node
    fields = {name: value for name, value in ast.iter_fields(node) if value not in (None, [])}
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        fields["body"] = fields["body"][ast.get_docstring(node) is not None :]
    return [type(node).__name__, *((name, _canonical(value)) for name, value in fields.items())]


def _plain(value):
    """Numbers that are equal become the same text: 10 and 10.0 are one configuration."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return float(value) if isinstance(value, int | float) else value
