"""Claims about what a run needs, asked before it starts.

1. Operations agree with a count by hand, of a toy model what is kept too; what is kept grows with all that is drawn.
2. A batch that does not fit is taken in as few parts as fit; what never fits is refused with the numbers.
3. Every card trains in the precision it is good at, and results say which; one that torch cannot use is refused.
4. A card that is lost in a run costs one sentence and nothing that was saved.
"""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from smwm_book.experiments import resources, runs
from smwm_book.experiments.measures import Scale
from smwm_book.experiments.resources import needs
from smwm_book.experiments.results import collected
from smwm_book.tables.report import provenance_table
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.training import toy, vit
from smwm_core.training.arithmetic import Arithmetic
from smwm_core.training.config import ToyConfig, VitConfig
from smwm_core.training.loop import Step

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


@pytest.mark.parametrize("values", [{}, {"objective": Objective(0)}, {"latent_dim": 8}, {"batch_size": 7}])
def test_a_step_of_the_toy_model_agrees_with_a_count_by_hand(values):
    config = replace(ToyConfig(batch_size=4), **values)
    z, inverse = config.latent_dim, bool(config.objective.inverse)
    first, convolutions, head = 32**2 * 32 * 27, 16**2 * 64 * 9 * 32 + 8**2 * 128 * 9 * 64, 4**2 * 128 * z
    forward_model = multiply_adds((z + 2, 256), (256, 256), (256, z))
    inverse_model = inverse * multiply_adds((2 * z, 256), (256, 256), (256, 2))
    # Frames need no gradient, which saves one product of three in the first layer.
    products = 2 * (2 * first + 3 * convolutions + 3 * head) + 3 * (forward_model + inverse_model)
    # Of a frame: three ReLUs, which places the pooling took (eight bytes each), what the head reads, and the latent.
    frame = 4 * (32**2 * 32 + 16**2 * 64 + 8**2 * 128) + 8 * 4**2 * 128 + 4 * (4**2 * 128 + z)
    heads = 4 * (z + 2 + 2 * 256 + z) + inverse * 4 * (2 * z + 2 * 256 + 2 + 2)  # what they read, and both predictions
    found = needs(config)
    assert found.flops == 2 * config.batch_size * products
    assert found.kept_bytes == config.batch_size * (2 * frame + heads)
    assert found.frame_bytes == config.batch_size * 2 * 3 * 64**2 * 4
    assert found.parameters == sum(parameter.numel() for parameter in toy.build_model(config).parameters())
    assert found.recomputable_bytes == 0


def test_auxiliary_networks_count():
    plain, drawing = (
        needs(ToyConfig(objective=Objective(0))),
        needs(ToyConfig(objective=Objective(0, reconstruction=1))),
    )
    assert drawing.flops > 1.5 * plain.flops
    assert drawing.parameters > 2 * plain.parameters
    assert needs(ToyConfig(objective=Objective(0, ema_decay=0.9))).kept_bytes < 0.6 * plain.kept_bytes


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


def test_a_batch_that_does_not_fit_is_taken_in_parts_and_one_that_never_fits_is_refused(monkeypatch, tmp_path):
    counted, free = needs(CONFIG), {}
    monkeypatch.setattr(resources, "free_memory", lambda device: free["bytes"])
    for parts in (1, 2, 4):
        free["bytes"] = counted.memory(parts)
        assert resources.fitting(CONFIG, CPU) == Arithmetic("bfloat16", parts)
        assert resources.require_room(CONFIG, CPU, tmp_path) == {"arithmetic": Arithmetic("bfloat16", parts)}
    free["bytes"] = counted.memory(16) - 1
    words = rf"batches of 8 windows of 28 px needs at least ({counted.memory(16) / 1e9:.1f}) GB .* cpu has \1 GB free"
    with pytest.raises(SMWMError, match=words):
        resources.require_room(CONFIG, CPU, tmp_path)
    assert resources.require_room(ToyConfig(), CPU, tmp_path) == {}


class Card:
    """What torch says of a GPU that is not there."""

    def __init__(self, monkeypatch, capability: tuple[int, int]) -> None:
        said = {"get_device_capability": capability, "get_device_name": "A card", "memory_reserved": 0,
                "memory_allocated": 0, "mem_get_info": (10**12, 10**12)}  # fmt: skip
        for name, value in said.items():
            monkeypatch.setattr(torch.cuda, name, lambda device, value=value: value)
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_61", "sm_75", "sm_90", "compute_90"])


@pytest.mark.parametrize(
    ("capability", "precision"),
    [((9, 0), "bfloat16"), ((8, 0), "bfloat16"), ((7, 5), "float16"), ((7, 0), "float16"), ((6, 1), "float32")],
)
def test_every_card_trains_in_what_it_is_good_at(monkeypatch, tmp_path, capability, precision):
    Card(monkeypatch, capability)
    chosen = resources.require_room(CONFIG, torch.device("cuda"), tmp_path)["arithmetic"]
    assert chosen == Arithmetic(precision, 1)


def test_float32_takes_more_memory():
    half, whole = needs(CONFIG), needs(CONFIG, "float32")
    assert whole.flops == half.flops
    assert 1.2 * half.kept_bytes < whole.kept_bytes < 2 * half.kept_bytes


def test_a_card_that_torch_has_no_kernels_for_is_refused(monkeypatch, tmp_path):
    Card(monkeypatch, (5, 2))
    words = r"A card has compute capability 5\.2, and this build of torch \(.*\) begins with 6\.1; install an older"
    for config in (CONFIG, ToyConfig()):
        with pytest.raises(SMWMError, match=words):
            resources.require_room(config, torch.device("cuda"), tmp_path)


LOST = {
    "The GPU was lost in tworoom-40_.*_seed0 .CUDA error: unspecified launch failure.; what was saved stays": (
        torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with TORCH_USE_CUDA_DSA")
    ),
    "The GPU was lost in .*CUBLAS_STATUS_EXECUTION_FAILED": RuntimeError("CUBLAS_STATUS_EXECUTION_FAILED in gemm"),
    "The GPU ran out of memory in .*; what was saved stays": torch.OutOfMemoryError("CUDA out of memory. Tried"),
}


@pytest.mark.parametrize("words", LOST)
def test_a_card_that_is_lost_in_a_run_is_one_sentence_and_the_run_goes_on(monkeypatch, tmp_path, words):
    monkeypatch.setitem(vit.train.__kwdefaults__, "save_every_seconds", 0.0)
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "whole"))
    expected = load_file(runs.train_run(CONFIG, 0, CPU).weights)
    monkeypatch.setenv("SMWM_DATA", str(tmp_path / "lost"))
    update, steps = Step.update, []

    def failing(step, done):
        steps.append(done)
        if len(steps) == 4:
            raise LOST[words]
        update(step, done)

    monkeypatch.setattr(Step, "update", failing)
    with pytest.raises(SMWMError, match=words) as refusal:
        runs.train_run(CONFIG, 0, CPU)
    assert "\n" not in str(refusal.value)
    assert runs.progress(CONFIG, 0, CPU) == 3 / 6
    run = runs.train_run(CONFIG, 0, CPU)
    assert steps == [0, 1, 2, 3, 3, 4, 5]
    assert all(torch.equal(tensor, expected[name]) for name, tensor in load_file(run.weights).items())
    assert run.arithmetic == "bfloat16"


def test_a_card_that_is_lost_before_the_first_step_is_one_sentence(monkeypatch, tmp_path):
    def lost(device):
        raise torch.AcceleratorError("CUDA error: device lost")

    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(resources, "free_memory", lost)
    with pytest.raises(SMWMError, match=r"The GPU was lost in tworoom-40_.*_seed0 \(CUDA error: device lost\); what"):
        runs.train_run(CONFIG, 0, CPU)


def test_other_errors_are_bugs_and_keep_their_names(monkeypatch, tmp_path):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    monkeypatch.setattr(Step, "update", lambda *_: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="size"):
        runs.train_run(CONFIG, 0, CPU)


def test_results_say_how_their_runs_were_computed(monkeypatch, tmp_path):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    small = replace(CONFIG, epochs=1, windows=8)
    monkeypatch.setattr(resources, "free_memory", lambda device: needs(small).memory(2))
    run = runs.train_run(small, 0, CPU)
    found = collected("page", {0: {"size": Scale(1.0)}}, figure="", preset="paper", runs=[run], arrays={})
    assert found.provenance["arithmetic"] == "bfloat16, the vision transformer computed twice, in 2 parts"
    assert "| arithmetic | bfloat16, the vision" in provenance_table(found)


def test_free_memory(monkeypatch):
    assert (
        1e6 < resources.free_memory(CPU) <= resources.os.sysconf("SC_PHYS_PAGES") * resources.os.sysconf("SC_PAGE_SIZE")
    )
    for name, size in {"mem_get_info": (10, 100), "memory_reserved": 7, "memory_allocated": 3}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, size=size: size)
    assert resources.free_memory(torch.device("cuda")) == 10 + 7 - 3  # what a former run left to torch is free
