"""Trained weights by name, ready to be read, planned with, or trained further."""

from pathlib import Path

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.storage import root
from smwm_core.storage.weights import describe, load_weights
from smwm_core.training.kinds import Config, config_from, trainer

SHORT = {"smwm": "_inverse", "sigreg": "_sigreg", "forward": "_forward", "vicreg": "_vicreg"}


def load(name: str | Path) -> WorldModel:
    """A trained model, on the processor, in evaluation mode, with parameters that can be trained further.

    Arguments:
        name: of a file in the data folder's ``checkpoints``, such as ``"tworoom_inverse10_1600x64_seed0"``; its world
            and method, ``"tworoom_smwm"``, where only one fits; or a path.

    Raises:
        SMWMError: no such weights, several of them, or a damaged file; the sentence says what there is.
    """
    return opened(name)[0]


def opened(name: str | Path) -> tuple[WorldModel, Config]:
    """What ``load`` opens, and the configuration that it was trained with."""
    path = Path(name)
    if path.suffix != ".safetensors":
        path = _found(str(name))
    config = config_from(describe(path).config, root.shown(path))
    model = trainer(config).build_model(config)
    load_weights(path, model)
    return model.eval(), config


def _found(name: str) -> Path:
    folder = root.data() / "checkpoints"
    files = {path.stem: path for path in sorted(folder.glob("*.safetensors"))}
    if name in files:
        return files[name]
    world, _, method = name.rpartition("_")
    fitting = [stem for stem in files if stem.startswith(f"{world}{SHORT[method]}")] if method in SHORT else []
    if len(fitting) == 1:
        return files[fitting[0]]
    there = ", ".join(fitting or files) or "none"
    raise SMWMError(f"{'Several' if fitting else 'No'} weights are named {name!r}; {root.shown(folder)} has {there}.")
