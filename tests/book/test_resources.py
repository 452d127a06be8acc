"""Claims about what a run needs, asked before it starts.

1. Operations agree with a count by hand; what is kept grows with all that is drawn.
2. Too little memory, and a GPU without bfloat16, are refused with the numbers; models that fit anywhere are not asked.
"""

from dataclasses import replace

import pytest
import torch

from smwm_book.experiments import resources
from smwm_book.experiments.resources import needs
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.training import vit
from smwm_core.training.config import ToyConfig, VitConfig

CPU = torch.device("cpu")


CONFIG = VitConfig(
    "tworoom/40",
    Objective(0.1, 0.09),
    image_size=28,
    encoder_depth=2,
    depth=2,
    batch_size=8,
    windows=26,  # three batches, and two windows that are left out
    epochs=2,
)


def multiply_adds(*layers: tuple[int, int]) -> int:
    return sum(inputs * outputs for inputs, outputs in layers)


def flops_by_hand(config: VitConfig, action_dim: int) -> int:
    """Operations of a step: forward, and backward for what comes in and for the weights."""
    history, dim = config.history, 192
    frames, tokens = history + 1, 1 + (config.image_size // config.patch_size) ** 2
    projector = multiply_adds((dim, 2048), (2048, dim))
    # No gradient is needed for frames, actions and directions, which saves one product of three in the first layers.
    patches = frames * (tokens - 1) * 3 * config.patch_size**2 * dim
    vit = frames * tokens * config.encoder_depth * multiply_adds(*[(dim, dim)] * 4, (dim, 4 * dim), (4 * dim, dim))
    first = history * action_dim * 10
    actions = history * multiply_adds((10, 4 * dim), (4 * dim, dim))
    block = multiply_adds((dim, 3 * 1024), (1024, dim), (dim, 2048), (2048, dim), (dim, 6 * dim))
    inverse = multiply_adds((2 * dim, 256), (256, 256), (256, action_dim)) if config.objective.inverse else 0
    thrice = vit + frames * projector + actions + history * (config.depth * block + projector + inverse)
    directions = frames * dim * 1024 if config.objective.sigreg else 0
    # Two products forward; backward four, and the scores again where the fused kernel does not keep them: it does not
    # run on a processor with dropout, as in the forward model.
    attention = 7 * frames * config.encoder_depth * tokens**2 * dim + 6 * history**2 * config.depth * 1024
    return 2 * config.batch_size * (3 * thrice + 2 * (patches + first + directions) + attention)


@pytest.mark.parametrize(
    "values",
    [
        {"objective": Objective(0.1)},
        {"objective": Objective(0, 0.09), "batch_size": 16},
        {"objective": Objective(0.1), "history": 3, "image_size": 56, "encoder_depth": 1},
    ],
)
def test_operations_agree_with_a_count_by_hand(values):
    config = replace(CONFIG, **values)
    assert needs(config).flops == flops_by_hand(config, 10)


def test_parameters_and_frames_are_counted():
    found = needs(CONFIG)
    assert found.parameters == sum(parameter.numel() for parameter in vit.build_model(CONFIG).parameters())
    assert found.frame_bytes == 8 * 2 * 3 * 28 * 28 * 4


def test_what_is_kept_grows_with_all_that_is_drawn():
    few = needs(CONFIG)
    more = {
        name: needs(replace(CONFIG, **{name: value}))
        for name, value in {"batch_size": 16, "image_size": 56, "depth": 3, "encoder_depth": 3, "history": 2}.items()
    }
    assert more["batch_size"].kept_bytes == 2 * few.kept_bytes
    assert all(other.kept_bytes > few.kept_bytes for other in more.values())
    assert all(other.memory_bytes > few.memory_bytes < other.moved_bytes + few.memory_bytes for other in more.values())
    assert needs(replace(CONFIG, epochs=9, windows=None, world="tworoom")) == few


def test_what_is_kept_is_at_least_what_linear_layers_read_and_at_most_a_few_times_that():
    model, read = vit.build_model(CONFIG).train(), {}

    def note(_, inputs, __):
        read[inputs[0].data_ptr()] = (inputs[0], inputs[0].numel() * 2)  # as bfloat16; the tensor is kept alive

    for part in (model.encoder, model.forward_model):
        for layer in part.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.register_forward_hook(note)
    with torch.random.fork_rng():
        z = model.encode(torch.rand(2 * CONFIG.batch_size, 3, 28, 28))
        model.predict(z[: CONFIG.batch_size], torch.zeros(CONFIG.batch_size, 10))
    least = sum(size for _, size in read.values())
    without_sigreg = needs(replace(CONFIG, objective=Objective(0)))
    assert least < without_sigreg.kept_bytes < 8 * least


def test_too_little_memory_is_refused_with_both_numbers(monkeypatch, tmp_path):
    needed = needs(CONFIG).memory_bytes
    monkeypatch.setattr(resources, "free_memory", lambda device: needed - 1)
    words = rf"batches of 8 windows of 28 px needs about ({needed / 1e9:.1f} GB) of memory, but cpu has \1 free; use a"
    with pytest.raises(SMWMError, match=words):
        resources.require_room(CONFIG, CPU, tmp_path)
    resources.require_room(ToyConfig(), CPU, tmp_path)
    monkeypatch.setattr(resources, "free_memory", lambda device: needed)
    resources.require_memory(CONFIG, CPU)


@pytest.mark.parametrize(("capability", "fits"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_a_gpu_without_bfloat16_is_refused(monkeypatch, tmp_path, capability, fits):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "An old GPU")
    if fits:
        resources.require_bfloat16(torch.device("cuda"))
        return
    for train in (resources.require_bfloat16, lambda device: resources.require_room(CONFIG, device, tmp_path)):
        with pytest.raises(SMWMError, match="An old GPU does not compute bfloat16; use a GPU of the Ampere generation"):
            train(torch.device("cuda"))


def test_free_memory(monkeypatch):
    assert (
        1e6 < resources.free_memory(CPU) <= resources.os.sysconf("SC_PHYS_PAGES") * resources.os.sysconf("SC_PAGE_SIZE")
    )
    for name, size in {"mem_get_info": (10, 100), "memory_reserved": 7, "memory_allocated": 3}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, size=size: size)
    assert resources.free_memory(torch.device("cuda")) == 10 + 7 - 3  # what a former run left to torch is free
