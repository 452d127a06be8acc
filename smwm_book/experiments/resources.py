"""What a run needs: operations, bytes, memory and disk, counted before it starts.

A real step over a few windows is run on the processor while its operations and the tensors that it keeps are counted;
both grow in proportion to the batch. Nothing here is timed.
"""

import os
import re
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from smwm_core.errors import SMWMError
from smwm_core.seeds import initialising
from smwm_core.storage import root
from smwm_core.storage.files import require_disk
from smwm_core.training.arithmetic import Arithmetic, precision_on
from smwm_core.training.config import ToyConfig, VitConfig
from smwm_core.training.kinds import Config, trainer
from smwm_core.training.loop import Step

_ATEN = torch.ops.aten
# torch counts the operations of the fused attention of GPUs; the processor's computes the same products.
_ATTENTION = {
    _ATEN._scaled_dot_product_flash_attention_for_cpu: lambda q, k, v, *_, **__: sdpa_flop_count(q, k, v),
    _ATEN._scaled_dot_product_flash_attention_for_cpu_backward: lambda out, q, k, v, *_, **__: sdpa_backward_flop_count(
        out, q, k, v
    ),
}
OPTIMISER_BYTES = 16  # per parameter, float32 each: the weight, its gradient and AdamW's two averages
UPDATE_BYTES = 32  # per parameter: weight and averages are read and written, the gradient is written and read
PROGRESS_BYTES = 2 * 12 + 2  # per parameter: saved progress, twice while it is replaced, and weights in half precision
SMALL = 3_000_000  # parameters; such a model fits everywhere
MARGIN = 1.1  # of memory, for what the allocator cannot use


@dataclass(frozen=True)
class Needs:
    """What one step of training takes.

    Arguments:
        parameters: numbers that are trained.
        flops: floating point operations of a step: two for each multiply-add of matrix products, convolutions and
            attention, forward and backward.
        kept_bytes: what the forward pass keeps for the backward pass.
        frame_bytes: the batch's frames, float32.
        recomputable_bytes: of ``kept_bytes``, what the vision transformer keeps and could compute again.
        batch_frames: how many frames a batch has.
    """

    parameters: int
    flops: int
    kept_bytes: int
    frame_bytes: int
    recomputable_bytes: int = 0
    batch_frames: int = 1

    @property
    def memory_bytes(self) -> int:
        """Of the device, at the end of a forward pass; frames count twice, for they are also normalised."""
        return self.memory()

    def memory(self, parts: int = 1) -> int:
        """The same where only one of so many parts of the frames is kept at a time, and the others computed again."""
        kept = self.kept_bytes - self.recomputable_bytes * (parts - 1) // parts
        return round(MARGIN * (OPTIMISER_BYTES * self.parameters + kept + 2 * self.frame_bytes))

    @property
    def moved_bytes(self) -> int:
        """What a step moves at least: what is kept and the frames are written and read once, weights updated."""
        return 2 * (self.kept_bytes + self.frame_bytes) + UPDATE_BYTES * self.parameters


def needs(config: ToyConfig | VitConfig, precision: str = "bfloat16") -> Needs:
    """Count a step of a run; it takes some seconds at the paper's size.

    Arguments:
        config: of the run.
        precision: of a vision transformer; toy models are trained in float32.
    """
    half = config.kind == "vit" and precision != "float32"  # both halves are as large; every processor has bfloat16
    if config.kind == "vit":
        # Neither seed nor schedule changes what a step needs, and a world's name only through the size of its action.
        config = replace(config, world=config.world.partition("/")[0], epochs=1, windows=None)
    counted = _counted(config, half)
    parameters, (flops, kept, recomputable) = counted[0], (config.batch_size * count for count in counted[1:4])
    frames = config.batch_size * (_steps(config) + 1)
    return Needs(parameters, flops, kept, frames * 3 * counted[4] ** 2 * 4, recomputable, frames)


def parts_that_fit(counted: Needs, free: float) -> int | None:
    """In how many parts the vision transformer has to take the frames of a batch, so that a step fits into memory.

    Arguments:
        counted: of the whole batch.
        free: bytes.

    Returns:
        a power of two, 1 where the batch fits as a whole; None where not even single frames fit.
    """
    parts = 1
    while counted.memory(parts) > free:
        parts *= 2
        if parts > counted.batch_frames:
            return None
    return parts


@cache
def _counted(config: ToyConfig | VitConfig, half: bool) -> tuple[int, int, int, int, int]:
    """What one more window adds, after the parameters and before the size of a frame.

    That is operations, kept bytes, and kept bytes of the vision transformer.
    """
    model, world, steps = trainer(config).build_model(config), config.make_world(), _steps(config)
    if config.kind == "vit":
        Arithmetic("bfloat16" if half else "float32").set(model)
    step = Step(model, config.objective, partial(torch.optim.SGD, lr=0.0))
    image_size = model.encoder.image_size

    def counts(n: int) -> tuple[int, int, int]:
        frames = torch.rand(n, steps + 1, 3, image_size, image_size)
        actions = torch.zeros(n, steps + getattr(config, "past_actions", 0), world.action_dim)
        there = [*model.parameters(), *model.buffers(), *step.auxiliary.parameters(), frames]
        kept: dict[int, int] = {tensor.untyped_storage().data_ptr(): 0 for tensor in there}

        def keep(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            kept.setdefault(storage.data_ptr(), storage.nbytes())
            return tensor

        marks: list[int] = []
        around = [
            register(lambda *_: marks.append(sum(kept.values())))
            for vit in ([model.encoder.vit] if config.kind == "vit" else [])
            for register in (vit.register_forward_pre_hook, vit.register_forward_hook)
        ]
        with FlopCounterMode(display=False, custom_mapping=_ATTENTION) as counter:
            with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
                z, z_next = step.encode(frames)
                loss = step.losses(z, actions, z_next, frames)["loss"]
            loss.backward()
        for hook in around:
            hook.remove()
        return counter.get_total_flops(), sum(kept.values()), marks[1] - marks[0] if marks else 0

    with initialising(0, "needs"):  # frames and dropout draw from torch's own generator
        few, more = counts(2), counts(4)
    grown = ((b - a) // 2 for a, b in zip(few, more, strict=True))
    trained = sum(p.numel() for group in step.optimizer.param_groups for p in group["params"])
    return trained, *grown, image_size


def _steps(config: ToyConfig | VitConfig) -> int:
    """Of a window."""
    return config.history if config.kind == "vit" else config.objective.question.window + config.frames - 1


def fitting(config: VitConfig, device: torch.device) -> Arithmetic:
    """How a device computes a run: in the precision that it is good at, in as few parts as fit into its memory.

    Raises:
        SMWMError: with what it needs and what there is.
    """
    precision, free = precision_on(device), free_memory(device)
    counted = needs(config, precision)
    parts = parts_that_fit(counted, free)
    if parts is None:
        needed = counted.memory(counted.batch_frames)
        raise SMWMError(
            f"Training on {config.world} in batches of {config.batch_size} windows of {config.image_size} px needs at "
            f"least {_gigabytes(needed)} of memory, with the vision transformer taking one frame after the other, but "
            f"{device} has {_gigabytes(free)} free; use a device with more."
        )
    return Arithmetic(precision, parts)


def require_supported(device: torch.device) -> None:
    """Refuse a GPU that this build of torch has no kernels for.

    Raises:
        SMWMError: with its name and compute capability.
    """
    if device.type != "cuda":
        return
    oldest = min((int(re.sub(r"\D", "", arch)) for arch in torch.cuda.get_arch_list()), default=0)
    major, minor = torch.cuda.get_device_capability(device)
    if 10 * major + minor < oldest:
        raise SMWMError(
            f"{torch.cuda.get_device_name(device)} has compute capability {major}.{minor}, and this build of torch "
            f"({torch.__version__}) begins with {oldest // 10}.{oldest % 10}; install an older one or use another GPU."
        )


def require_room(config: Config, device: torch.device, folder: Path) -> dict[str, Arithmetic]:
    """Refuse a run that a device or a disk cannot hold, before it starts; says how the device computes a large one.

    Arguments:
        config: what is to be trained; only vision transformers are large enough to ask about the device.
        device: where.
        folder: that is there, for its saved progress and weights.

    Returns:
        arguments of the run's training: its ``arithmetic``, where it has one.

    Raises:
        SMWMError: with what it needs and what there is.
    """
    require_supported(device)
    parameters = sum(p.numel() for p in trainer(config).build_model(config).parameters())
    chosen = {"arithmetic": fitting(config, device)} if parameters > SMALL else {}
    work = f"Saving the progress of a run on {config.world} in {root.shown(folder)}"
    require_disk(folder, PROGRESS_BYTES * parameters, work, "")
    return chosen


def free_memory(device: torch.device) -> int:
    """Bytes that a device has free, what torch keeps of a former run for the next included.

    For a processor it is what the system could give, or all there is if it does not say.
    """
    if device.type == "cuda":
        kept_back = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept_back
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = dict(line.split(":") for line in meminfo.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
