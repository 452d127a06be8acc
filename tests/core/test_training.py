"""Claims about training.

1. The seed decides every bit of a run.
2. A run that is continued from any step ends with the same bits as an uninterrupted one.
3. So does a run whose process is killed without warning.
4. Without the inverse loss the latent shrinks; a run that diverges is refused.
5. A configuration that cannot be trained is refused.
6. A moving-average target follows the encoder by its decay, gets no gradient, and is what is predicted.
7. A curriculum draws from the easiest transitions first and from all of them at its end.
"""

import functools
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from saved import every_save

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.seeds import generator
from smwm_core.training.auxiliary import AuxiliaryNetworks
from smwm_core.training.config import ToyConfig
from smwm_core.training.loop import History, snapshot_steps
from smwm_core.training.toy import build_model, train
from smwm_core.worlds import DotWorld, SpriteWorld, make_world

CPU = torch.device("cpu")


OBJECTIVES = {"inverse": Objective(10, 0), "sigreg": Objective(0, 0.09), "both": Objective(10, 0.09)}


OBJECTIVES |= {"ema": Objective(0, ema_decay=0.9), "reconstruction": Objective(0, reconstruction=1)}


def tiny(objective: Objective = OBJECTIVES["inverse"], steps: int = 5) -> ToyConfig:
    """Two batches per epoch, so that five steps cross two borders between epochs."""
    return ToyConfig("dots/single", objective, transitions=64, batch_size=32, steps=steps, latent_dim=16)


def assert_same_bits(one: History, other: History) -> None:
    assert_same_tensors(one.model.state_dict(), other.model.state_dict())
    assert one.losses.keys() == other.losses.keys()
    for name, losses in one.losses.items():
        assert np.array_equal(losses, other.losses[name])
    assert np.array_equal(one.snapshot_steps, other.snapshot_steps)
    assert np.array_equal(one.snapshots, other.snapshots)


def assert_same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


@functools.cache
def uninterrupted(name: str) -> tuple[History, list[bytes]]:
    """A run, and what it wrote to disk after each of its steps."""
    return kept_at_every_step(tiny(OBJECTIVES[name]))


def kept_at_every_step(config: ToyConfig) -> tuple[History, list[bytes]]:
    with tempfile.TemporaryDirectory() as folder, every_save() as states:
        return train(config, 0, device=CPU, progress=Path(folder) / "progress", save_every_seconds=0), states


def continued(config: ToyConfig, state: bytes | dict, folder: Path) -> History:
    path = folder / "progress"
    if isinstance(state, bytes):
        path.write_bytes(state)
    else:
        torch.save(state, path)
    return train(config, 0, device=CPU, progress=path)


def read(state: bytes) -> dict:
    return torch.load(io.BytesIO(state), weights_only=True)


def test_the_same_seed_gives_the_same_bits():
    untouched = torch.get_rng_state()
    assert_same_bits(uninterrupted("inverse")[0], train(tiny(), 0, device=CPU))
    assert torch.equal(torch.get_rng_state(), untouched)


def test_another_seed_gives_another_run():
    one, other = uninterrupted("inverse")[0], train(tiny(), 1, device=CPU)
    assert not np.array_equal(one.losses["loss"], other.losses["loss"])
    assert not torch.equal(one.model.encoder.head.weight, other.model.encoder.head.weight)
    assert not np.array_equal(one.snapshots[0], other.snapshots[0])


def test_every_purpose_has_a_stream_of_its_own():
    draws = {
        (seed, purpose): tuple(torch.rand(3, generator=generator(seed, purpose)).tolist())
        for seed in (0, 1)
        for purpose in ("training transitions", "held-out transitions", "weights")
    }
    assert len(set(draws.values())) == len(draws)
    assert draws[0, "weights"] == tuple(torch.rand(3, generator=generator(0, "weights")).tolist())


def test_the_model_before_training_is_the_one_that_the_seed_builds():
    assert_same_tensors(build_model(tiny(), 3).state_dict(), build_model(tiny(), 3).state_dict())
    weight = build_model(tiny(), 3).encoder.features[2].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(weight, build_model(tiny(), 4).encoder.features[2].weight)


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_continued_run_ends_with_the_same_bits(name, step, tmp_path):
    expected, states = uninterrupted(name)
    assert read(states[step - 1])["step"] == step
    assert_same_bits(continued(tiny(OBJECTIVES[name]), states[step - 1], tmp_path), expected)


def test_every_epoch_visits_every_transition_once_in_a_new_order(monkeypatch):
    drawn, render = [], DotWorld.render
    monkeypatch.setattr(DotWorld, "render", lambda world, state: drawn.append(state) or render(world, state))
    train(tiny(steps=4), 0, device=CPU)
    batches = [torch.cat(states.chunk(2), 1) for states in drawn if len(states) == 2 * 32]
    first, second = torch.cat(batches[:2]), torch.cat(batches[2:])
    assert first.shape == second.shape == (64, 4)
    assert sorted(first.tolist()) == sorted(second.tolist())
    assert len(first.unique(dim=0)) == 64
    assert not torch.equal(first, second)


def test_continuing_does_not_repeat_finished_steps_and_adds_up_the_time(tmp_path):
    state = read(uninterrupted("inverse")[1][2])
    state["losses"][0] = 123.0
    state["seconds"] = 1_000.0
    later = continued(tiny(), state, tmp_path)
    assert later.losses["loss"][0] == 123.0
    assert 1_000 < later.seconds < 1_100


def test_saving_changes_nothing():
    expected, states = uninterrupted("inverse")
    assert [read(state)["step"] for state in states] == [1, 2, 3, 4, 5]
    assert_same_bits(train(tiny(), 0, device=CPU), expected)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, [0, 1]),
        (2, [0, 1, 2]),
        (5, [0, 1, 2, 3, 4, 5]),
        (8, [0, 1, 2, 3, 4, 6, 8]),
        (20, [0, 1, 2, 3, 4, 6, 8, 11, 16, 20]),
    ],
)
def test_snapshots_are_taken_at_zero_the_powers_of_root_two_and_the_end(steps, expected):
    assert snapshot_steps(steps) == expected


def test_the_history_has_every_step_and_every_snapshot():
    trained, _ = uninterrupted("both")
    assert set(trained.losses) == {"loss", "forward", "inverse", "sigreg"}
    assert {losses.shape for losses in trained.losses.values()} == {(5,)}
    assert trained.snapshot_steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert trained.snapshots.shape == (6, 256, 16)
    weighted = trained.losses["forward"] + 10 * trained.losses["inverse"] + 0.09 * trained.losses["sigreg"]
    assert trained.losses["loss"] == pytest.approx(weighted, rel=1e-5)
    for before, after in zip(trained.snapshots[:-1], trained.snapshots[1:], strict=True):
        assert not np.array_equal(before, after)


def test_without_the_inverse_loss_the_latent_shrinks():
    trained = train(tiny(Objective(0, 0), steps=30), 0, device=CPU)
    total_variance = trained.snapshots.var(1).sum(-1)
    assert total_variance[-1] < 0.5 * total_variance[0]
    assert trained.losses["forward"][-1] < 0.1 * trained.losses["forward"][0]


def test_the_moving_average_follows_by_its_decay_and_has_no_gradient():
    model = build_model(tiny(), 0)
    helpers = AuxiliaryNetworks(Objective(0, ema_decay=0.9), model)
    before = helpers.target.head.weight.clone()
    assert torch.equal(before, model.encoder.head.weight)
    with torch.no_grad():
        model.encoder.head.weight.add_(1)
    helpers.follow(model)
    torch.testing.assert_close(helpers.target.head.weight, before + 0.1)
    assert not list(helpers.trained())


def test_with_a_moving_average_the_encoder_learns_from_the_first_frame_alone(monkeypatch):
    encoded = []
    original = Objective.__call__

    def spy(self, model, z, a, z_next, *args, **kwargs):
        encoded.append((z.requires_grad, z_next.requires_grad))
        return original(self, model, z, a, z_next, *args, **kwargs)

    monkeypatch.setattr(Objective, "__call__", spy)
    train(tiny(OBJECTIVES["ema"], steps=2), 0, device=CPU)
    train(tiny(steps=1), 0, device=CPU)
    assert encoded == [(True, False), (True, False), (True, True)]


def test_the_decoder_of_a_reconstruction_is_trained():
    _, states = uninterrupted("reconstruction")
    first, last = (read(states[i])["auxiliary"] for i in (0, -1))
    assert first.keys() == last.keys() != set()
    assert all(not torch.equal(first[name], last[name]) for name in first)


def test_most_objectives_need_no_helpers():
    assert not list(AuxiliaryNetworks(Objective(10, 0.09, 1), build_model(tiny(), 0)).parameters())


def test_a_curriculum_draws_the_easiest_first_and_all_at_its_end(monkeypatch):
    drawn, render = [], SpriteWorld.render
    monkeypatch.setattr(SpriteWorld, "render", lambda world, state: drawn.append(state) or render(world, state))
    config = ToyConfig("sprite/xyt", transitions=400, batch_size=40, steps=20, latent_dim=8, curriculum=10)
    train(config, 0, device=CPU)
    world = make_world("sprite/xyt")
    everything = world.sample(400, generator(0, "training transitions"))
    ranked = world.difficulty(everything).sort().values
    hardest = [torch.cat(states.chunk(2), 1)[:, [2, 5]].abs().max().item() for states in drawn if len(states) == 2 * 40]
    assert len(hardest) == 20
    for step in range(10):
        allowed = int((0.1 + 0.9 * step / 10) * 400)
        assert hardest[step] <= ranked[allowed - 1] + 1e-6
        assert hardest[step] >= ranked[allowed // 2]
    epoch = torch.cat([states.chunk(2)[0] for states in drawn if len(states) == 80][10:])
    assert len(epoch.unique(dim=0)) == 400


def test_a_run_with_a_curriculum_continues_with_the_same_bits(tmp_path):
    config = ToyConfig("sprite/xyt", transitions=64, batch_size=16, steps=6, latent_dim=8, curriculum=3)
    expected, states = kept_at_every_step(config)
    for state in states[1:4]:
        assert_same_bits(continued(config, state, tmp_path), expected)


def test_a_run_that_diverges_is_refused():
    config = ToyConfig("dots/single", transitions=32, batch_size=16, steps=4, learning_rate=1e30, latent_dim=8)
    with pytest.raises(
        SMWMError, match=r"dots/single with seed 7 diverged: a loss is not finite by step 4; lower the learn"
    ):
        train(config, 7, device=CPU)


def test_the_default_configuration_is_the_papers():
    config = ToyConfig()
    assert (config.transitions, config.batch_size, config.learning_rate) == (250_000, 256, 5e-4)
    assert config.steps == 100 * (250_000 // 256)
    assert (config.objective, config.latent_dim) == (Objective(10, 0), 64)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"world": "dots/unknown"}, "no world named 'dots/unknown'"),
        ({"batch_size": 1}, "between 2 and 250000 transitions .* not 1"),
        ({"batch_size": 65, "transitions": 64}, "between 2 and 64 transitions .* not 65"),
        ({"steps": 0}, "at least one step"),
        ({"learning_rate": 0.0}, "positive learning rate"),
        ({"learning_rate": -1e-3}, "positive learning rate"),
        ({"learning_rate": float("nan")}, "positive learning rate"),
        ({"latent_dim": 1}, "latent of 2 to 4096"),
        ({"curriculum": -1}, "between 0 and all 97600 steps, not -1"),
        ({"curriculum": 97_601}, "between 0 and all 97600 steps, not 97601"),
        ({"curriculum": 5}, "dots/single does not rank its transitions"),
        ({"world": "sprite/none"}, "sprite/none has no action to recover"),
    ],
)
def test_a_configuration_that_cannot_be_trained_is_refused(change, words):
    with pytest.raises(SMWMError, match=words):
        ToyConfig(**change)
