"""How a device computes the steps of a vision transformer: in which precision, and how much of them twice."""

from dataclasses import dataclass

import torch

from smwm_core.models import VitWorldModel


@dataclass(frozen=True)
class Arithmetic:
    """What changes the numbers of a run by rounding and nothing else.

    Arguments:
        precision: of both transformers in training: ``"bfloat16"``, ``"float16"`` with loss scaling, or ``"float32"``.
        parts: in which the vision transformer takes the frames of a batch; with more than one, only their class tokens
            are kept, and each part is computed again for its gradients. Batch statistics are those of the whole batch.
    """

    precision: str = "bfloat16"
    parts: int = 1

    def __str__(self) -> str:
        scaled = " with loss scaling" if self.precision == "float16" else ""
        again = f", the vision transformer computed twice, in {self.parts} parts" if self.parts > 1 else ""
        return f"{self.precision}{scaled}{again}"

    def set(self, model: VitWorldModel) -> None:
        """Let a model compute so when it is trained."""
        model.encoder.precision = model.forward_model.precision = getattr(torch, self.precision)
        model.encoder.parts = self.parts


USUAL = Arithmetic()


def precision_on(device: torch.device) -> str:
    """The precision that a device is good at: bfloat16 from NVIDIA's Ampere on, float16 on Volta and Turing.

    Older GPUs have no fast half precision; a processor takes bfloat16, whether it is fast there or not.
    """
    if device.type != "cuda":
        return "bfloat16"
    capability = torch.cuda.get_device_capability(device)
    return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"
