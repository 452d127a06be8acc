"""Weights on disk: safetensors files that say what they are.

A file holds one model's weights in half precision and, in its header, the configuration, seed and
fingerprint of the run that made them. Every number in the book is computed from weights read back
from such a file, never from the model as it left training.
"""

import json
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save

from smwm_core.errors import SMWMError
from smwm_core.storage import root
from smwm_core.storage.files import write_whole
from smwm_core.storage.reading import converted, decoded, parsing
from smwm_core.storage.schemas import RunHeader, TensorInfo

FORMAT = "smwm-weights-1"
LARGEST_HEADER = 1_000_000  # bytes
_WHAT, _REMEDY = "the header of a weights file", "fetch or recompute it"

T = TypeVar("T")


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
    write_whole(path, lambda unfinished: unfinished.write_bytes(save(weights, header)))


def load_weights(path: Path, model: torch.nn.Module, kind: type[T] = RunHeader) -> T:
    """Read weights into ``model``, all of them and nothing else.

    Arguments:
        kind: schema of the description.

    Returns:
        the description the file was saved with.

    Raises:
        SMWMError: the file is missing, truncated, of another format or of another architecture, its description is of
            another kind, or a weight is not finite.
    """
    name = root.shown(path)
    description, tensors = _header(path, kind)
    expected = {key: (w.is_floating_point(), tuple(w.shape)) for key, w in model.state_dict().items()}
    found = {key: (info.dtype != "I64", tuple(info.shape)) for key, info in tensors.items()}
    if found != expected:
        differing = min(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
        raise SMWMError(
            f"{name} belongs to another architecture: {differing} is {_said(found, differing)} in the file and "
            f"{_said(expected, differing)} in the model."
        )
    with parsing(path, _REMEDY):
        weights = load_file(path)
    if broken := [key for key, w in weights.items() if not torch.isfinite(w).all()]:
        raise SMWMError(f"{name} has weights that are not finite numbers, in {broken[0]}; {_REMEDY}.")
    model.load_state_dict({key: w.float() if w.is_floating_point() else w for key, w in weights.items()}, strict=True)
    return description


def describe(path: Path, kind: type[T] = RunHeader) -> T:
    """What a checkpoint's header says of its run.

    Raises:
        SMWMError: the file is missing, truncated or of another format.
    """
    return _header(path, kind)[0]


def _header(path: Path, kind: type[T]) -> tuple[T, dict[str, TensorInfo]]:
    """The description in a file, and what it declares of its tensors."""
    name = root.shown(path)
    if not path.exists():
        raise SMWMError(f"There is no checkpoint {name}.")
    with parsing(path, _REMEDY), path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        content = file.read(min(size, LARGEST_HEADER))
    if len(content) != size or not content.startswith(b"{"):
        raise SMWMError(f"{name} is not a complete safetensors file; {_REMEDY}.")
    header = decoded(content, dict[str, dict[str, Any]], name, _WHAT, _REMEDY)
    metadata = converted(header.pop("__metadata__", {}), dict[str, str], name, _WHAT, _REMEDY)
    if metadata.keys() != {"format", "run"} or metadata["format"] != FORMAT:
        raise SMWMError(f"{name} was not written by this project: its header does not say {FORMAT!r}.")
    tensors = converted(header, dict[str, TensorInfo], name, _WHAT, _REMEDY)
    if path.stat().st_size != 8 + size + max((info.data_offsets[1] for info in tensors.values()), default=0):
        raise SMWMError(f"{name} is not a complete safetensors file; {_REMEDY}.")
    return decoded(metadata["run"], kind, name, _WHAT, _REMEDY), tensors


def _said(tensors: dict[str, tuple[bool, tuple[int, ...]]], key: str) -> str:
    if key not in tensors:
        return "missing"
    real, shape = tensors[key]
    return str(shape) if real else f"{shape} of whole numbers"
