"""A network's weights as text for a page, exactly as they were published."""

import numpy as np
import torch
from torch import nn

from smwm_book.widgets.page import as_text
from smwm_core.errors import SMWMError
from smwm_core.models import ConvEncoder, WorldModel

PARTS = ("encoder", "forward_model", "inverse_model")


def pack(model: WorldModel, parts: tuple[str, ...] = PARTS) -> dict:
    """What ``network.js`` makes its network of.

    The weights are published in half precision, so half precision is all that a page needs.

    Arguments:
        model: a toy model with both tanh, read back from its weights file.
        parts: those of ``PARTS`` that the page uses.

    Returns:
        what ``packed`` returns.

    Raises:
        SMWMError: another architecture, or weights that half precision cannot hold.
    """
    if not (isinstance(model.encoder, ConvEncoder) and isinstance(model.encoder.squash, nn.Tanh)):
        raise SMWMError("A page can compute the toy model with its tanh only; this is another architecture.")
    weights = {name: w.cpu() for name, w in model.state_dict().items() if name.split(".")[0] in parts}
    for name, w in weights.items():
        if not torch.equal(w.half().float(), w):
            raise SMWMError(f"{name} has more digits than half precision holds; read the model from a weights file.")
    return packed({name: w.half().numpy() for name, w in weights.items()})


def packed(weights: dict[str, np.ndarray]) -> dict:
    """Weights in half precision, by name, as text.

    All low bytes come first and all high bytes after them, because the latter repeat and a server compresses them
    better that way.

    Returns:
        ``shapes`` of the layers, in order, and their ``halves`` in base64.
    """
    halves = np.concatenate([w.ravel() for w in weights.values()]).astype("<f2")
    planes = halves.view(np.uint8).reshape(-1, 2).T
    return {
        "shapes": {name: list(w.shape) for name, w in weights.items()},
        "halves": as_text(planes),
    }
