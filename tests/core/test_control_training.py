"""Claims about training the models of the control tasks.

1. A configuration that cannot be trained is refused, and so are too little memory or disk, too few windows, and a loss
   that is not finite.
2. Windows are those of a plain loop over the episodes, and never cross the end of one; their blocks of actions are
   those of ``FrameSkip.sample``.
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
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from saved import every_save
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import forward_loss, inverse_loss
from smwm_core.seeds import generator
from smwm_core.training import kinds, vit, windows
from smwm_core.training.config import ToyConfig, VitConfig
from smwm_core.training.loop import History
from smwm_core.training.schedule import warm_up_and_cosine
from smwm_core.worlds import FrameSkip, make_world

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


STEPS = 6


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    """A folder for what is recorded and trained here."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(folder))
        yield folder


@pytest.fixture(scope="module")
def world() -> FrameSkip:
    return CONFIG.make_world()


@functools.cache
def uninterrupted() -> tuple[History, list[bytes]]:
    """A run, and what it wrote to disk after each of its steps."""
    with tempfile.TemporaryDirectory() as folder, every_save() as states:
        return vit.train(CONFIG, 0, device=CPU, progress=Path(folder) / "progress", save_every_seconds=0), states


def saved(step: int) -> dict:
    return torch.load(io.BytesIO(uninterrupted()[1][step - 1]), weights_only=True)


def continued(state: dict, folder: Path) -> History:
    torch.save(state, folder / "progress")
    return vit.train(CONFIG, 0, device=CPU, progress=folder / "progress")


def assert_same_tensors(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def assert_same_bits(one: History, other: History) -> None:
    assert_same_tensors(one.model.state_dict(), other.model.state_dict())
    assert one.losses.keys() == other.losses.keys()
    for name, losses in one.losses.items():
        assert np.array_equal(losses, other.losses[name]), name


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, "A run needs an epoch, 1 to 100 layers in both parts"),
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
    assert VitConfig().make_world().image_size == 224
    assert make_world("tworoom/40").image_size == 64


@pytest.mark.parametrize("history", [1, 3])
def test_windows_are_those_of_a_loop_over_episodes(world, history):
    episodes, expected = world.split[0], []
    actions = episodes.action[~episodes.action.isnan().any(1)].double()
    mean, std = actions.mean(0), actions.std(0)
    first = 0
    for length in episodes.length.tolist():
        for start in range(first, first + length - 5 * (history + 1) + 1):
            rows = [start + 5 * t for t in range(history + 1)]
            assert rows[-1] + 4 < first + length  # the whole block that the last frame begins
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


def test_an_episode_that_is_too_short_for_the_history_is_refused(world):
    with pytest.raises(SMWMError, match=r"No episode has 5004 steps"):
        windows.Windows(world, 1_000, CPU)


@dataclass(frozen=True, eq=False)
class ReadBlocks(FrameSkip):
    """A world whose frames are stored; the file is pretended."""

    kind: torch.dtype = torch.uint8

    def read(self, rows: Tensor) -> Tensor:
        return (self.simulator.render(self.split[0].state[rows]) * 255).round().to(self.kind)


def stored(world: FrameSkip, kind: torch.dtype = torch.uint8) -> ReadBlocks:
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


@pytest.fixture(scope="module")
def heads():
    """The models of a history of one and of three, without dropout and with gates that are open."""
    models = {history: vit.build_model(replace(CONFIG, history=history), 0).eval() for history in (1, 3)}
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
    found = objective(model, z[:, :-1], a, z[:, 1:], generator(0, "directions"))
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
    found = objective(model, z[:, :-1], a, z[:, 1:], generator(0, "directions"))
    forward = [forward_loss(model.predict(z[:, : t + 1], a[:, : t + 1])[:, -1], z[:, t + 1]) for t in range(3)]
    inverse = [inverse_loss(model.inverse_model(z[:, t], z[:, t + 1]), a[:, t]) for t in range(3)]
    sigreg = [sigreg_loss(z[:, t], generator=source) for t in range(4)]
    means = {"forward": sum(forward) / 3, "inverse": sum(inverse) / 3, "sigreg": sum(sigreg) / 4}
    for name, mean in means.items():
        assert found[name].item() == pytest.approx(mean.item(), rel=1e-3)
    total = means["forward"] + 2 * means["inverse"] + 0.5 * means["sigreg"]
    assert found["loss"].item() == pytest.approx(total.item(), rel=1e-3)


@pytest.mark.parametrize(("steps", "rising"), [(1_000, 10), (1_001, 11), (150, 2), (6, 1), (1, 1)])
def test_the_learning_rate_rises_along_a_line_and_falls_along_half_a_cosine(steps, rising):
    rates = [warm_up_and_cosine(1e-4, 0.01, step, steps) for step in range(steps)]
    assert rates[:rising] == pytest.approx([1e-4 * (step + 1) / rising for step in range(rising)])
    falling = [math.cos(math.pi / 2 * k / (steps - rising)) ** 2 for k in range(steps - rising)]
    assert rates[rising:] == pytest.approx([1e-4 * share for share in falling])
    assert max(rates) == rates[rising - 1] == pytest.approx(1e-4)
    assert min(rates) > 0
    assert rates[rising:] == sorted(rates[rising:], reverse=True)


def test_without_a_warm_up_it_starts_at_its_peak():
    assert warm_up_and_cosine(1e-4, 0.0, 0, 100) == pytest.approx(1e-4)
    assert warm_up_and_cosine(1e-4, 0.0, 50, 100) == pytest.approx(0.5e-4)


def test_every_step_has_its_learning_rate_and_the_papers_weight_decay():
    for step in range(1, STEPS):
        (group,) = saved(step)["optimizer"]["param_groups"]
        assert group["lr"] == warm_up_and_cosine(CONFIG.learning_rate, CONFIG.warm_up, step - 1, STEPS)
        assert group["weight_decay"] == 1e-3


def test_gradients_are_clipped(monkeypatch):
    model = vit.build_model(CONFIG, 0)
    step = vit.make_step(CONFIG, model, 0, STEPS)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    moved = []
    monkeypatch.setattr(step.optimizer, "step", lambda: moved.append([p.grad for p in model.parameters()]))
    step.update(0)
    assert math.sqrt(sum(gradient.square().sum() for gradient in moved[0])) == pytest.approx(1, rel=1e-3)
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_continued_run_ends_with_the_same_bits(step, tmp_path):
    state = saved(step)
    assert (state["step"], state["steps"]) == (step, STEPS)
    assert_same_bits(continued(state, tmp_path), uninterrupted()[0])


def test_the_same_bits_take_the_state_of_dropout(tmp_path):
    state = saved(4)
    state["random"] = {"cpu": torch.Generator().manual_seed(1).get_state()}
    other = continued(state, tmp_path)
    assert other.losses["forward"][4] != uninterrupted()[0].losses["forward"][4]


def test_continuing_does_not_repeat_finished_steps_and_adds_up_the_time(tmp_path):
    state = saved(5)
    state["losses"][0] = 123.0
    state["seconds"] = 1_000.0
    later = continued(state, tmp_path)
    assert later.losses["loss"][0] == 123.0
    assert 1_000 < later.seconds < 1_100


def test_every_epoch_is_saved_and_another_seed_is_another_run(tmp_path):
    config = replace(CONFIG, epochs=3, windows=16)
    with every_save() as states:
        other = vit.train(config, 1, device=CPU, progress=tmp_path / "progress", save_every_seconds=math.inf)
    assert [torch.load(io.BytesIO(state), weights_only=True)["step"] for state in states] == [2, 4, 6]
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
    vit.train(replace(CONFIG, windows=24), 0, device=CPU)
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
    order = list(vit.ordered(config, known, 0, 0))
    assert [len(batch) for batch in order] == [8] * 6
    assert len(set(torch.cat(order).tolist())) == 48
    later = list(vit.ordered(config, known, 0, 4))
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
    losses = vit.train(config, 0, device=CPU).losses
    known = windows.Windows(world, 1, CPU)
    used = next(vit.ordered(config, known, 0, 0))
    variance = known.actions(used).var(0, unbiased=False).mean().item()
    assert losses["inverse"][0] > 0.5 * variance
    assert losses["inverse"][-5:].mean() < 0.3 * variance


def test_training_leaves_random_numbers_as_they_were(monkeypatch):
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda *_: pytest.fail("it seeds a device it does not use"))
    before = torch.get_rng_state()
    vit.train(replace(CONFIG, windows=8, epochs=1), 0, device=CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_that_diverges_is_refused():
    with pytest.raises(SMWMError, match=r"tworoom/40 with seed 3 diverged: a loss is not finite by step 6; lower the"):
        vit.train(replace(CONFIG, learning_rate=1e30), 3, device=CPU)


def test_too_few_windows_are_refused(world):
    available = len(windows.Windows(world, 1, CPU))
    config = replace(CONFIG, batch_size=available + 1, windows=None)
    with pytest.raises(SMWMError, match=rf"tworoom/40 has {available} windows, too few for a batch of {available + 1}"):
        vit.train(config, 0, device=CPU)


def test_a_configuration_survives_json():
    for config in (CONFIG, VitConfig(), ToyConfig()):
        again = kinds.config_from(json.loads(json.dumps(asdict(config))), "a file")
        assert again == config
        assert kinds.trainer(again) is kinds.trainer(config)
