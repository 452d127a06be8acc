"""Weights for other programs, and back: a safetensors file with a readable ``config.json`` beside it.

What is published can be exported, and every run that was finished in this data folder.
"""

import json
import shutil
from pathlib import Path

import msgspec

from smwm_book.experiments import checkpoints
from smwm_book.experiments.runs import finished
from smwm_core.errors import SMWMError, choose
from smwm_core.models import WorldModel
from smwm_core.storage import root
from smwm_core.storage.files import write_text, write_whole
from smwm_core.storage.reading import read_json
from smwm_core.storage.schemas import RunHeader
from smwm_core.storage.weights import describe, load_weights
from smwm_core.training.kinds import config_from, trainer

WEIGHTS, CONFIG = "weights.safetensors", "config.json"


def export(name: str, folder: Path) -> None:
    """Write a checkpoint and what it is into a folder.

    Arguments:
        name: of a published checkpoint, or of a run that was finished here.
        folder: made if it is missing; it must not hold an export yet.

    Raises:
        SMWMError: an unknown name, a damaged checkpoint, or a folder that is in use.
    """
    published = {Path(file).stem: checkpoints.folder() / file for file in checkpoints.read_manifest()}
    weights = choose("checkpoint", name, {**finished(), **published})
    if name in published:
        checkpoints.verify(weights)
    if taken := [file for file in (WEIGHTS, CONFIG) if (folder / file).exists()]:
        raise SMWMError(f"{root.shown(folder / taken[0])} exists; choose another folder.")
    run = describe(weights)
    write_whole(folder / WEIGHTS, lambda unfinished: shutil.copyfile(weights, unfinished))
    text = json.dumps(msgspec.to_builtins(run), indent=2, sort_keys=True) + "\n"
    write_text(folder / CONFIG, text)


def imported(folder: Path) -> tuple[WorldModel, RunHeader]:
    """The model of an export, in evaluation mode, and what its ``config.json`` says of it.

    Raises:
        SMWMError: a file is missing or damaged, or the two do not belong together.
    """
    path = folder / CONFIG
    run = read_json(path, RunHeader, "the configuration of an export", "export it again")
    config = config_from(run.config, root.shown(path))
    model = trainer(config).build_model(config)
    if load_weights(folder / WEIGHTS, model) != run:
        raise SMWMError(f"{root.shown(path)} describes another run than the weights beside it.")
    return model.eval().requires_grad_(False), run
