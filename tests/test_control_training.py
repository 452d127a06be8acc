"""Claims about training the models of the control tasks.

1. A configuration that cannot be trained is refused, and so are too little memory or disk, too few windows, and a loss
   that is not finite.
2. Windows are those of a plain loop over the episodes, and never cross the end of one; their blocks of actions are
   those of ``Blocks.sample``.
3. Batches arrive in order with their frames, drawn or read by other processes, and reading draws no random number.
4. With a history of one the losses are the objective's to the bit, with a longer one those of a loop.
5. The learning rate rises along a line and falls along half a cosine.
6. A run that is continued from any step ends with the same bits, dropout included; it is saved after every epoch.
7. Every window is seen once an epoch, in a new order; some of them are the same in every epoch.
8. A batch can be learned by heart; training leaves torch's own random numbers as they were.
9. What a step needs agrees with a count by hand.
10. A fingerprint changes with every value.
11. A finished run is found again with all its numbers; an interrupted one goes on; a sweep trains what is missing.
12. The presets have the paper's values.
"""

import functools
import io
import json
import math
from collections import namedtuple
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from smwm_core import checkpoints, interchange, runs
from smwm_core.control import ControlConfig, needs, training, windows
from smwm_core.errors import SMWMError
from smwm_core.losses import forward_loss, inverse_loss
from smwm_core.objective import Objective
from smwm_core.presets import get_preset
from smwm_core.recipe import fingerprint
from smwm_core.seeds import generator
from smwm_core.sigreg import sigreg_loss
from smwm_core.sweeps import planned, sweep
from smwm_core.training import RunConfig, Trained
from smwm_core.worlds import Blocks, make_world

CPU = torch.device("cpu")
CONFIG = ControlConfig(
    "tworoom/40",
    Objective(0.1, 0.09),
    image_size=28,
    encoder_depth=2,
    depth=2,
    batch_size=8,
    windows=26,  # three batches, and two windows that are left out
    epochs=2,
)
STEPS = 6


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    """A folder for what is recorded and trained here."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(folder))
        yield folder


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another folder, with the same episodes."""
    CONFIG.make_world().split  # noqa: B018, they are collected
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def world() -> Blocks:
    return CONFIG.make_world()


@functools.cache
def uninterrupted() -> tuple[Trained, list[bytes]]:
    """A run, and what it would have written to disk after each of its steps but the last."""
    states: list[bytes] = []

    def save(state: dict) -> None:
        torch.save(state, buffer := io.BytesIO())
        states.append(buffer.getvalue())

    return training.train(CONFIG, 0, device=CPU, save=save, save_every_seconds=0), states


def saved(step: int) -> dict:
    return torch.load(io.BytesIO(uninterrupted()[1][step - 1]), weights_only=True)


def assert_same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def assert_same_bits(one: Trained, other: Trained) -> None:
    assert_same_tensors(one.model.state_dict(), other.model.state_dict())
    assert one.losses.keys() == other.losses.keys()
    for name, losses in one.losses.items():
        assert np.array_equal(losses, other.losses[name]), name


# Configurations


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, "A run needs an epoch, layers in both parts"),
        ({"depth": 0}, "2 and 0 layers"),
        ({"encoder_depth": 0}, "0 and 2 layers"),
        ({"history": 0}, "history 0"),
        ({"patch_size": 0}, "patches of 0 px"),
        ({"image_size": 7}, "frames of 7 px with patches of 14 px will not do"),
        ({"image_size": 30}, "frames of 30 px with patches of 14 px will not do"),
        ({"batch_size": 1}, "A batch of 1 windows cannot be drawn from 26"),
        ({"batch_size": 27}, "A batch of 27 windows cannot be drawn from 26"),
        ({"learning_rate": 0.0}, "A run needs a positive learning rate"),
        ({"learning_rate": math.nan}, "A run needs a positive learning rate"),
        ({"learning_rate": math.inf}, "A run needs a positive learning rate"),
        ({"clip": 0.0}, "A run needs a positive learning rate and clip"),
        ({"weight_decay": -0.1}, "a weight decay ≥ 0"),
        ({"weight_decay": math.nan}, "a weight decay ≥ 0"),
        ({"warm_up": 1.0}, r"a warm-up in \[0, 1\)"),
        ({"warm_up": -0.1}, r"a warm-up in \[0, 1\)"),
        ({"objective": Objective(1, vicreg=1)}, "with the inverse loss and SIGReg, not with vicreg"),
        ({"objective": Objective(1, reconstruction=1)}, "not with reconstruction"),
        ({"objective": Objective(0, ema_decay=0.9)}, "not with ema_decay"),
        ({"world": "dots/single"}, "for the planning tasks, which dots/single is not"),
        ({"world": "chess"}, "no world named 'chess'"),
        ({"world": "tworoom/some"}, "should end with a number of episodes"),
    ],
)
def test_a_configuration_that_cannot_be_trained_is_refused(values, words):
    with pytest.raises(SMWMError, match=words) as refusal:
        replace(CONFIG, **values)
    assert "\n" not in str(refusal.value)


def test_what_is_just_possible_is_not_refused():
    replace(CONFIG, patch_size=28, encoder_depth=1, depth=1, epochs=1, windows=8, warm_up=0.0)
    replace(CONFIG, windows=None, weight_decay=0.0, objective=Objective(0))


def test_the_frames_have_the_size_of_the_run():
    assert CONFIG.make_world().image_size == 28
    assert ControlConfig().make_world().image_size == 224
    assert make_world("tworoom/40").image_size == 64


# Windows


@pytest.mark.parametrize("history", [1, 3])
def test_windows_are_those_of_a_loop_over_episodes(world, history):
    episodes, expected = world.split[0], []
    actions = episodes.action[~episodes.action.isnan().any(1)].double()
    mean, std = actions.mean(0), actions.std(0)
    first = 0
    for length in episodes.length.tolist():
        for start in range(first, first + length - 5 * history):
            rows = [start + 5 * t for t in range(history + 1)]
            assert rows[-1] < first + length
            blocks = [episodes.action[row : row + 5] for row in rows[:-1]]
            expected.append((rows, torch.stack([((block - mean) / std).flatten() for block in blocks])))
        first += length
    found = windows.Windows(world, history, CPU)
    assert len(found) == len(expected)
    chosen = torch.randperm(len(found), generator=generator(0, "test"))[:500]
    assert found.rows(chosen).tolist() == [expected[number][0] for number in chosen]
    assert not found.actions(chosen).isnan().any()
    torch.testing.assert_close(
        found.actions(chosen).double(), torch.stack([expected[number][1] for number in chosen]), atol=1e-5, rtol=1e-5
    )


def test_windows_of_one_step_are_what_the_world_samples(world):
    found, sampled = windows.Windows(world, 1, CPU), world.sample(100, generator(0, "test"))
    everything = torch.arange(len(found))
    state = found.state[found.rows(everything)]
    for s, a, s_next in zip(sampled.state, sampled.action, sampled.next_state, strict=True):
        same = (state[:, 0] == s).all(1) & (state[:, 1] == s_next).all(1)
        assert (found.actions(everything[same]) == a).all(2).any()


def test_an_episode_that_is_too_short_for_the_history_is_refused(world):
    with pytest.raises(SMWMError, match=r"No episode has 5000 steps"):
        windows.Windows(world, 1_000, CPU)


# Batches


@dataclass(frozen=True, eq=False)
class ReadBlocks(Blocks):
    """A world whose frames are stored; the file is pretended."""

    kind: torch.dtype = torch.uint8

    def read(self, rows: Tensor) -> Tensor:
        return (self.simulator.render(self.split[0].state[rows]) * 255).round().to(self.kind)


def stored(world: Blocks, kind: torch.dtype = torch.uint8) -> ReadBlocks:
    return ReadBlocks(world.simulator, world.record, kind=kind)


def batches(count: int) -> list[Tensor]:
    return [torch.randint(1_000, (4,), generator=generator(number, "test")) for number in range(count)]


def test_frames_are_the_worlds_picture_of_those_rows(world):
    ordered, seen = windows.Windows(world, 3, CPU), batches(3)
    fed = list(windows.feed(world, ordered, seen))
    assert len(fed) == 3
    for numbers, (frames, actions) in zip(seen, fed, strict=True):
        assert frames.shape == (4, 4, 3, 28, 28)
        assert torch.equal(actions, ordered.actions(numbers))
        for i, row in enumerate(ordered.rows(numbers)):
            for t in range(4):
                picture = world.simulator.render(world.split[0].state[row[t] : row[t] + 1])[0]
                assert torch.equal(frames[i, t], picture)


def test_read_by_other_processes_they_arrive_in_order_and_no_random_number_is_drawn(world, monkeypatch):
    monkeypatch.setattr(windows, "_READERS", 2)
    monkeypatch.setattr(windows.os, "cpu_count", lambda: 8)
    before = torch.get_rng_state()
    ordered, seen = windows.Windows(world, 1, CPU), batches(7)
    drawn, read = (list(windows.feed(w, ordered, seen)) for w in (world, stored(world)))
    assert len(drawn) == len(read) == 7
    for (frames, actions), (others, same_actions) in zip(drawn, read, strict=True):
        assert others.dtype == torch.float32
        torch.testing.assert_close(others, frames, atol=0.5 / 255 + 1e-6, rtol=0)
        assert torch.equal(actions, same_actions)
    assert torch.equal(torch.get_rng_state(), before)


def test_frames_that_are_not_bytes_are_refused(world):
    reading = windows._Reading(windows.Windows(stored(world, torch.int16), 1, CPU))
    with pytest.raises(SMWMError, match=r"8 frames were asked for; what was read is torch\.int16 \(8, 3, 28, 28\)"):
        reading[batches(1)[0]]


# Losses


@pytest.fixture(scope="module")
def heads():
    """The models of a history of one and of three, without dropout and with gates that are open."""
    models = {history: training.build_model(replace(CONFIG, history=history), 0).eval() for history in (1, 3)}
    for model in models.values():
        for block in model.forward_model.blocks:
            block.modulation[1].weight.data.normal_(std=0.05, generator=generator(0, "test"))
    return models


def latents(history: int) -> tuple[Tensor, Tensor]:
    source = generator(history, "test")
    z = torch.randn(6, history + 1, 192, generator=source, requires_grad=True)
    return z, torch.randn(6, history, 10, generator=source)


@pytest.mark.parametrize("objective", [Objective(0.1), Objective(0, 0.09), Objective(2, 0.5), Objective(0)])
def test_with_a_history_of_one_the_losses_are_the_objectives_to_the_bit(heads, objective):
    model, (z, a) = heads[1], latents(1)
    found = training.compute_losses(
        objective, model.forward_model, model.inverse_model, z, a, generator(0, "directions")
    )
    (gradient,) = torch.autograd.grad(found["loss"], z)
    expected = objective(model, z[:, 0], a[:, 0], z[:, 1], generator(0, "directions"))
    (expected_gradient,) = torch.autograd.grad(expected["loss"], z)
    assert tuple(found) == tuple(expected) == objective.terms
    for name in found:
        assert torch.equal(found[name], expected[name]), name
    torch.testing.assert_close(gradient, expected_gradient)
    assert gradient[:, 0].any()
    assert gradient[:, 1].any()


def test_with_a_longer_history_the_losses_are_those_of_a_loop(heads):
    model, (z, a), objective, source = heads[3], latents(3), Objective(2, 0.5), generator(0, "directions")
    found = training.compute_losses(
        objective, model.forward_model, model.inverse_model, z, a, generator(0, "directions")
    )
    forward = [forward_loss(model.predict(z[:, : t + 1], a[:, : t + 1])[:, -1], z[:, t + 1]) for t in range(3)]
    inverse = [inverse_loss(model.inverse_model(z[:, t], z[:, t + 1]), a[:, t]) for t in range(3)]
    sigreg = [sigreg_loss(z[:, t], generator=source) for t in range(4)]
    means = {"forward": sum(forward) / 3, "inverse": sum(inverse) / 3, "sigreg": sum(sigreg) / 4}
    for name, mean in means.items():
        assert found[name].item() == pytest.approx(mean.item(), rel=1e-3)
    total = means["forward"] + 2 * means["inverse"] + 0.5 * means["sigreg"]
    assert found["loss"].item() == pytest.approx(total.item(), rel=1e-3)


# The learning rate


@pytest.mark.parametrize(("steps", "rising"), [(1_000, 10), (1_001, 11), (150, 2), (6, 1), (1, 1)])
def test_the_learning_rate_rises_along_a_line_and_falls_along_half_a_cosine(steps, rising):
    rates = [training.learning_rate(CONFIG, step, steps) for step in range(steps)]
    assert rates[:rising] == pytest.approx([1e-4 * (step + 1) / rising for step in range(rising)])
    falling = [math.cos(math.pi / 2 * k / (steps - rising)) ** 2 for k in range(steps - rising)]
    assert rates[rising:] == pytest.approx([1e-4 * share for share in falling])
    assert max(rates) == rates[rising - 1] == pytest.approx(1e-4)
    assert min(rates) > 0
    assert rates[rising:] == sorted(rates[rising:], reverse=True)


def test_without_a_warm_up_it_starts_at_its_peak():
    config = replace(CONFIG, warm_up=0.0)
    assert training.learning_rate(config, 0, 100) == pytest.approx(1e-4)
    assert training.learning_rate(config, 50, 100) == pytest.approx(0.5e-4)


def test_every_step_has_its_learning_rate_and_the_papers_weight_decay():
    for step in range(1, STEPS):
        (group,) = saved(step)["optimizer"]["param_groups"]
        assert group["lr"] == training.learning_rate(CONFIG, step - 1, STEPS)
        assert group["weight_decay"] == 1e-3


def test_gradients_are_clipped(monkeypatch):
    model = training.build_model(CONFIG, 0)
    step = training.Step(CONFIG, model, generator(0, "directions"), STEPS)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    moved = []
    monkeypatch.setattr(step.optimizer, "step", lambda: moved.append([p.grad for p in model.parameters()]))
    step.update(0)
    assert math.sqrt(sum(gradient.square().sum() for gradient in moved[0])) == pytest.approx(1, rel=1e-3)
    assert all(parameter.grad is None for parameter in model.parameters())


# Training


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_continued_run_ends_with_the_same_bits(step):
    state = saved(step)
    assert (state["step"], state["steps"]) == (step, STEPS)
    assert_same_bits(training.train(CONFIG, 0, device=CPU, state=state), uninterrupted()[0])


def test_the_same_bits_take_the_state_of_dropout():
    state = saved(4)
    state["random"] = {"cpu": torch.Generator().manual_seed(1).get_state()}
    other = training.train(CONFIG, 0, device=CPU, state=state)
    assert other.losses["forward"][4] != uninterrupted()[0].losses["forward"][4]


def test_continuing_does_not_repeat_finished_steps_and_adds_up_the_time():
    state = saved(5)
    state["losses"][0] = 123.0
    state["seconds"] = 1_000.0
    continued = training.train(CONFIG, 0, device=CPU, state=state)
    assert continued.losses["loss"][0] == 123.0
    assert 1_000 < continued.seconds < 1_100


def test_every_epoch_is_saved_and_another_seed_is_another_run():
    steps = []
    config = replace(CONFIG, epochs=3, windows=16)
    other = training.train(
        config, 1, device=CPU, save=lambda state: steps.append(state["step"]), save_every_seconds=math.inf
    )
    assert steps == [2, 4]
    assert other.losses["loss"].shape == (6,)
    assert not np.array_equal(other.losses["loss"], uninterrupted()[0].losses["loss"])


def test_the_history_has_every_step():
    losses = uninterrupted()[0].losses
    assert tuple(losses) == CONFIG.objective.terms == ("loss", "forward", "inverse", "sigreg")
    assert {values.shape for values in losses.values()} == {(STEPS,)}
    assert losses["loss"] == pytest.approx(
        losses["forward"] + 0.1 * losses["inverse"] + 0.09 * losses["sigreg"], rel=1e-5
    )
    assert len(np.unique(losses["loss"])) == STEPS


def test_every_window_is_seen_once_an_epoch_in_a_new_order(monkeypatch, world):
    seen, rows = [], windows.Windows.rows
    monkeypatch.setattr(windows.Windows, "rows", lambda self, n: seen.append(n.tolist()) or rows(self, n))
    training.train(replace(CONFIG, windows=24), 0, device=CPU)
    assert [len(batch) for batch in seen] == [8] * STEPS
    first, second = ([number for batch in epoch for number in batch] for epoch in (seen[:3], seen[3:]))
    assert len(set(first)) == 24
    assert set(first) == set(second)
    assert first != second
    available = len(windows.Windows(world, 1, CPU))
    assert max(first) > available / 2
    assert available > 100


def test_without_a_limit_all_windows_are_seen(world):
    config, known = replace(CONFIG, windows=None, epochs=1), windows.Windows(world, 1, CPU)
    known.starts = known.starts[:50]
    order = list(training.ordered(config, known, 0, 0))
    assert [len(batch) for batch in order] == [8] * 6
    assert len(set(torch.cat(order).tolist())) == 48
    later = list(training.ordered(config, known, 0, 4))
    assert all(torch.equal(a, b) for a, b in zip(order[4:], later, strict=True))
    assert len(later) == 2


def test_stored_frames_come_from_few_places_and_every_window_still_comes_once(world):
    drawn, read = windows.Windows(world, 1, CPU), windows.Windows(stored(world), 1, CPU)
    numbers = torch.randperm(len(read), generator=generator(0, "some"))[:1_000]
    order = windows.shuffled(read, numbers, generator(0, "order"))
    assert torch.equal(order.sort().values, numbers.sort().values)
    places = [len(set((read.starts[part] // 100).tolist())) for part in order[:992].split(16)]
    assert sum(count <= 2 for count in places) > 0.9 * len(places)
    follow = (read.starts[order[:-1]] // 100 - read.starts[order[1:]] // 100).abs()[15::16]
    assert follow.float().mean() > 3, "Neighbouring groups come from one place."
    anywhere = windows.shuffled(drawn, numbers, generator(0, "order"))
    assert torch.equal(anywhere.sort().values, numbers.sort().values)
    assert min(len(set((drawn.starts[part] // 100).tolist())) for part in anywhere.split(16)[:-1]) > 6


def test_a_batch_can_be_learned_by_heart(world):
    config = replace(CONFIG, objective=Objective(1), windows=8, epochs=60, learning_rate=1e-3)
    losses = training.train(config, 0, device=CPU).losses
    known = windows.Windows(world, 1, CPU)
    used = next(training.ordered(config, known, 0, 0))
    variance = known.actions(used).var(0, unbiased=False).mean().item()
    assert losses["inverse"][0] > 0.5 * variance
    assert losses["inverse"][-5:].mean() < 0.3 * variance


def test_training_leaves_random_numbers_as_they_were(monkeypatch):
    needs._counted.cache_clear()
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda *_: pytest.fail("it seeds a device it does not use"))
    before = torch.get_rng_state()
    training.train(replace(CONFIG, windows=8, epochs=1), 0, device=CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_that_diverges_is_refused():
    with pytest.raises(SMWMError, match=r"tworoom/40 with seed 3 diverged: a loss is not finite by step 6; lower the"):
        training.train(replace(CONFIG, learning_rate=1e30), 3, device=CPU)


def test_too_few_windows_are_refused(world):
    available = len(windows.Windows(world, 1, CPU))
    config = replace(CONFIG, batch_size=available + 1, windows=None)
    with pytest.raises(SMWMError, match=rf"tworoom/40 has {available} windows, too few for a batch of {available + 1}"):
        training.train(config, 0, device=CPU)


# Needs


def multiply_adds(*layers: tuple[int, int]) -> int:
    return sum(inputs * outputs for inputs, outputs in layers)


def flops_by_hand(config: ControlConfig, action_dim: int) -> int:
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
    assert needs.needs(config).flops == flops_by_hand(config, 10)


def test_parameters_and_frames_are_counted():
    found = needs.needs(CONFIG)
    assert found.parameters == sum(parameter.numel() for parameter in training.build_model(CONFIG).parameters())
    assert found.frame_bytes == 8 * 2 * 3 * 28 * 28 * 4


def test_what_is_kept_grows_with_all_that_is_drawn():
    few = needs.needs(CONFIG)
    more = {
        name: needs.needs(replace(CONFIG, **{name: value}))
        for name, value in {"batch_size": 16, "image_size": 56, "depth": 3, "encoder_depth": 3, "history": 2}.items()
    }
    assert more["batch_size"].kept_bytes == 2 * few.kept_bytes
    assert all(other.kept_bytes > few.kept_bytes for other in more.values())
    assert all(other.memory_bytes > few.memory_bytes < other.moved_bytes + few.memory_bytes for other in more.values())
    assert needs.needs(replace(CONFIG, epochs=9, windows=None, world="tworoom")) == few


def test_what_is_kept_is_at_least_what_linear_layers_read_and_at_most_a_few_times_that():
    model, read = training.build_model(CONFIG).train(), {}

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
    without_sigreg = needs.needs(replace(CONFIG, objective=Objective(0)))
    assert least < without_sigreg.kept_bytes < 8 * least


def test_too_little_memory_is_refused_with_both_numbers(monkeypatch):
    needed = needs.needs(CONFIG).memory_bytes
    monkeypatch.setattr(needs, "free_memory", lambda device: needed - 1)
    words = rf"batches of 8 windows of 28 px needs about ({needed / 1e9:.1f} GB) of memory, but cpu has \1 free; use a"
    with pytest.raises(SMWMError, match=words):
        training.train(CONFIG, 0, device=CPU)
    monkeypatch.setattr(needs, "free_memory", lambda device: needed)
    needs.require_memory(CONFIG, CPU)


@pytest.mark.parametrize(("capability", "fits"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_a_gpu_without_bfloat16_is_refused(monkeypatch, capability, fits):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "An old GPU")
    if fits:
        needs.require_bfloat16(torch.device("cuda"))
        return
    for train in (needs.require_bfloat16, lambda device: training.train(CONFIG, 0, device=device)):
        with pytest.raises(SMWMError, match="An old GPU does not compute bfloat16; use a GPU of the Ampere generation"):
            train(torch.device("cuda"))


def test_too_little_disk_is_refused_with_both_numbers(monkeypatch, elsewhere):
    usage = namedtuple("usage", "free")
    needed = needs.needs(CONFIG).progress_bytes
    assert needed > 2 * len(uninterrupted()[1][-1]) * 0.95
    monkeypatch.setattr(needs.shutil, "disk_usage", lambda folder: usage(1_000))
    words = rf"a run on tworoom/40 needs {needed / 1e9:.1f} GB, but the disk of .* has 0\.0 GB left; set SMWM_DATA"
    with pytest.raises(SMWMError, match=words):
        runs.train_run(CONFIG, 0, CPU)
    assert not list(elsewhere.rglob("*.safetensors"))


def test_free_memory(monkeypatch):
    assert 1e6 < needs.free_memory(CPU) <= needs.os.sysconf("SC_PHYS_PAGES") * needs.os.sysconf("SC_PAGE_SIZE")
    for name, size in {"mem_get_info": (10, 100), "memory_reserved": 7, "memory_allocated": 3}.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, size=size: size)
    assert needs.free_memory(torch.device("cuda")) == 10 + 7 - 3  # what a former run left to torch is free


# Fingerprints


def test_every_value_changes_the_fingerprint():
    changes = {
        "world": "tworoom/60",
        "objective": Objective(0.2, 0.09),
        "image_size": 56,
        "patch_size": 7,
        "encoder_depth": 3,
        "depth": 3,
        "history": 2,
        "batch_size": 9,
        "epochs": 3,
        "windows": None,
        "learning_rate": 2e-4,
        "warm_up": 0.02,
        "weight_decay": 2e-3,
        "clip": 2.0,
    }
    assert changes.keys() == CONFIG.__dataclass_fields__.keys()
    found = [fingerprint(replace(CONFIG, **{name: value}), 0, "cpu") for name, value in changes.items()]
    found += [fingerprint(CONFIG, seed, device) for seed, device in ((0, "cpu"), (1, "cpu"), (0, "cuda"))]
    assert len(set(found)) == len(found) == 17
    names = {runs.run_name(replace(CONFIG, **{name: value}), 0) for name, value in changes.items()}
    assert len(names | {runs.run_name(CONFIG, 0)}) == 15


# Runs


@pytest.fixture(scope="module")
def finished(data) -> runs.Run:
    return runs.train_run(CONFIG, 0, CPU)


def test_a_name_says_what_a_run_is(finished):
    name = "tworoom-40_inverse0.1_sigreg0.09_vit_2epochsx8_px28_layers2_depth2_of26_seed0"
    assert runs.run_name(CONFIG, 0) == name
    assert finished.weights.parent.name.startswith(f"{name}_")
    assert runs.run_name(ControlConfig(), 4) == "tworoom_inverse0.1_vit_10epochsx256_seed4"


def test_a_finished_run_is_what_was_trained_read_back_from_half_precision(finished):
    trained, stored_weights = uninterrupted()[0], load_file(finished.weights)
    expected, found = trained.model.state_dict(), finished.model.state_dict()
    assert expected.keys() == found.keys() == stored_weights.keys()
    for name, tensor in expected.items():
        if tensor.is_floating_point():
            assert stored_weights[name].dtype == torch.float16
            assert torch.equal(found[name], tensor.half().float()), name
        else:
            assert stored_weights[name].dtype == tensor.dtype == torch.int64
    for part in ("encoder", "forward_model"):
        assert found[f"{part}.projector.norm.num_batches_tracked"] == STEPS
    for name, losses in trained.losses.items():
        assert np.array_equal(finished.history[name], losses)
    assert not finished.model.training
    assert sorted(path.name for path in finished.weights.parent.iterdir()) == [
        "history.npz",
        "lock",
        "weights.safetensors",
    ]


def test_a_finished_run_is_opened_and_not_trained_again(finished, monkeypatch):
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained again"))
    opened, found = (runs.obtain(CONFIG, 0, CPU, recompute=recompute) for recompute in (False, True))
    assert_same_tensors(opened.model.state_dict(), finished.model.state_dict())
    assert found.seconds == opened.seconds == finished.seconds
    with pytest.raises(SMWMError, match=r"No trained weights for .*_depth3_of26_seed0 with the present code"):
        runs.load_run(replace(CONFIG, depth=3), 0, CPU)


def test_the_scale_of_actions_is_carried_along(finished, world, monkeypatch):
    monkeypatch.setattr(Blocks, "split", property(lambda self: pytest.fail("the episodes were asked for")))
    assert finished.world.scale is finished.world.known_scale
    for carried, expected in zip(finished.world.scale, uncached_scale(world), strict=True):
        torch.testing.assert_close(carried, expected)
    assert finished.world.image_size == 28


def uncached_scale(world: Blocks) -> tuple[Tensor, Tensor]:
    actions = world.__dict__["split"][0].action
    actions = actions[~actions.isnan().any(1)].repeat(1, 5)
    return actions.mean(0), actions.std(0)


def test_weights_of_another_depth_are_refused(finished):
    for change, layer in (({"depth": 3}, "forward_model.blocks.2"), ({"encoder_depth": 1}, "encoder.vit")):
        with pytest.raises(SMWMError, match=rf"belongs to another architecture: {layer}.* in the model\.$"):
            checkpoints.load_weights(finished.weights, training.build_model(replace(CONFIG, **change)))


def test_what_is_published_of_it_is_nothing(finished, data):
    runs.publish(finished)
    assert not (data / "checkpoints").exists()


def test_an_interrupted_run_goes_on(finished, elsewhere, monkeypatch):
    update = training.Step.update

    def stop(self, done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt
        update(self, done)

    assert runs.progress(CONFIG, 0, CPU) == 0
    with monkeypatch.context() as patch:
        patch.setattr(training.Step, "update", stop)
        with pytest.raises(KeyboardInterrupt):
            runs.train_run(CONFIG, 0, CPU)
    assert runs.progress(CONFIG, 0, CPU) == 0.5  # after the first of two epochs
    continued = runs.train_run(CONFIG, 0, CPU)
    assert runs.progress(CONFIG, 0, CPU) == 1
    assert continued.weights != finished.weights
    assert_same_tensors(load_file(continued.weights), load_file(finished.weights))
    for name, losses in finished.history.items():
        assert np.array_equal(continued.history[name], losses)
    assert not list(elsewhere.rglob("progress.pt"))


def test_progress_that_is_not_of_such_a_run_is_refused(elsewhere):
    folder = runs._folder(CONFIG, 0, CPU)
    folder.mkdir(parents=True)
    for content in (uninterrupted()[1][0][:10_000], b""):
        (folder / "progress.pt").write_bytes(content)
        with pytest.raises(SMWMError, match=r"progress\.pt is no saved progress \(.*delete it to start this run anew"):
            runs.train_run(CONFIG, 0, CPU)
    torch.save({key: torch.zeros(1) for key in training.PROGRESS_KEYS - {"random"}}, folder / "progress.pt")
    with pytest.raises(SMWMError, match=r"progress\.pt is no saved progress \(ValueError\)"):
        runs.train_run(CONFIG, 0, CPU)


def test_a_configuration_survives_json():
    for config in (CONFIG, ControlConfig(), RunConfig()):
        again = runs.config_from(json.loads(json.dumps(asdict(config))))
        assert again == config
        assert runs.trainer(again) is runs.trainer(config)


def test_weights_are_exported_and_imported(finished, elsewhere):
    checkpoints.publish(finished.weights, "some.safetensors")
    interchange.export("some", elsewhere / "export")
    model, run = interchange.imported(elsewhere / "export")
    assert_same_tensors(model.state_dict(), finished.model.state_dict())
    assert runs.config_from(run["config"]) == CONFIG


def test_a_sweep_trains_what_is_missing(finished, monkeypatch):
    jobs = planned("fig5_planning", preset="paper_smoke", tasks=["tworoom"], methods=["smwm"], seeds=[0, 1])
    assert {config.world for config, _ in jobs} == {"tworoom/400"}
    small = [(replace(config, world="tworoom/40", windows=16, epochs=1), seed) for config, seed in jobs]
    assert sweep([*small, (CONFIG, 0)], CPU, workers=1) == 2
    assert all(runs.progress(*job, CPU) == 1 for job in small)
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained again"))
    assert sweep([*small, (CONFIG, 0)], CPU, workers=1) == 0
    one, other = (load_file(runs.load_run(*job, CPU).weights) for job in small)
    assert any(not torch.equal(one[name], other[name]) for name in one)


# Presets


@pytest.mark.parametrize(("task", "weight"), [("tworoom", 0.1), ("pusht", 30)])
def test_the_preset_has_the_papers_values(task, weight):
    budget = get_preset("paper")
    config = budget.planner_config(task, budget.objectives(task)["smwm"])
    assert config.objective == Objective(inverse=weight)
    assert (config.learning_rate, config.weight_decay, config.clip) == (1e-4, 1e-3, 1.0)
    assert (config.batch_size, config.epochs, config.windows) == (256, 10, None)
    assert (config.image_size, config.patch_size, config.encoder_depth) == (224, 14, 12)
    assert (config.depth, config.history) == (6, 1)
    world = config.make_world()
    assert (world.skip, world.image_size, world.action_dim) == (5, 224, 10)
    assert (budget.seeds, budget.tasks, dict(budget.search)) == (5, 100, {})


def test_the_methods_of_every_task():
    for preset in ("paper", "paper_released", "paper_smoke"):
        budget = get_preset(preset)
        for task, weight in {"tworoom": 0.1, "reacher": 5, "pusht": 30, "cube": 1}.items():
            assert budget.objectives(task) == {
                "smwm": Objective(inverse=weight),
                "sigreg": Objective(inverse=0, sigreg=0.09),
                "forward_only": Objective(inverse=0),
            }
    assert get_preset("laptop").objectives("cube")["smwm"] == Objective(inverse=10)
    assert isinstance(get_preset("laptop").planner_config("tworoom", Objective()), RunConfig)
    small = get_preset("paper_smoke").planner_config("tworoom", Objective())
    assert (small.world, small.image_size, small.encoder_depth, small.depth) == ("tworoom/400", 28, 2, 2)
    assert get_preset("paper").planner_config("pusht", Objective()).world == "pusht/20000"
