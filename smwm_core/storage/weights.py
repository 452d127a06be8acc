"""Weights on disk: safetensors files that say what they are.

A file holds one model's weights in half precision and, in its header, the configuration, seed and
fingerprint of the run that made them. Every number in the book is computed from weights read back
from such a file, never from the model as it left training.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from smwm_core.errors import SMWMError
from smwm_core.storage import root
from smwm_core.storage.files import write_whole

FORMAT = "smwm-weights-1"


def save_weights(path: Path, model: torch.nn.Module, description: dict) -> None:
    """Write a model's weights in half precision; what a BatchNorm has counted and averaged stays what it is.

    Arguments:
        path: where to; an existing file is replaced only by a complete one.
        model: whose weights.
        description: JSON-ready facts about the run, kept in the file's header.
    """
    state = {name: w.detach().contiguous().cpu() for name, w in model.state_dict().items()}
    trained = {name for name, _ in model.named_parameters()}
    weights = {name: w.half() if name in trained else w for name, w in state.items()}
    header = {"format": FORMAT, "run": json.dumps(description, sort_keys=True)}
    write_whole(path, lambda unfinished: save_file(weights, unfinished, metadata=header))


def load_weights(path: Path, model: torch.nn.Module) -> dict:
    """Read weights into ``model``, all of them and nothing else.

    Returns:
        the description the file was saved with.

    Raises:
        SMWMError: the file is missing, truncated, of another format, or of another architecture.
    """
    name = root.shown(path)
    with _opened(path) as file:
        run = _run(file, name)
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    expected = {key: tuple(w.shape) for key, w in model.state_dict().items()}
    found = {key: tuple(w.shape) for key, w in weights.items()}
    if found != expected:
        differing = min(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
        raise SMWMError(
            f"{name} belongs to another architecture: {differing} is {found.get(differing, 'missing')} in the file "
            f"and {expected.get(differing, 'missing')} in the model."
        )
    model.load_state_dict({key: w.float() if w.is_floating_point() else w for key, w in weights.items()}, strict=True)
    return run


def describe(path: Path) -> dict:
    """What a checkpoint's header says of its run.

    Raises:
        SMWMError: the file is missing, truncated or of another format.
    """
    with _opened(path) as file:
        return _run(file, root.shown(path))


def _run(file: safe_open, name: str) -> dict:
    header = file.metadata() or {}
    if header.get("format") != FORMAT or "run" not in header:
        raise SMWMError(f"{name} was not written by this project: its header does not say {FORMAT!r}.")
    return json.loads(header["run"])


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    name = root.shown(path)
    if not path.exists():
        raise SMWMError(f"There is no checkpoint {name}.")
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise SMWMError(f"{name} is not a complete safetensors file ({error}); fetch or recompute it.") from error
