"""Claims about what the inverse model can be asked beside the paper's question.

1. On latents that are the sum of all actions so far, ``sum`` has the answer (z' − z)/√k at every distance, and
   ``first`` only at distance 1.
2. Every pair of frames of a window counts, and distances count alike: the loss is its definition, written as loops.
3. Where the sign of an action does not show, ``moments`` can still be answered by half.
4. Lags ask for the actions before, the latest one first.
5. A head has an output per number asked for, and is told the distance where there are several.
6. The windows of a toy run are trajectories; with one step they are the transitions of before, number by number.
7. An inverse model that sees the first dimensions only moves no others, and the usual one sees all of them.
8. Questions that make no sense, windows that are too short and worlds of single steps are refused with a sentence.
"""

import math

import pytest
import torch

from smwm_book.experiments.runs import run_name
from smwm_core.errors import SMWMError
from smwm_core.losses.inverse import Question
from smwm_core.losses.objective import Objective
from smwm_core.models import InverseModel, MultiStepInverseModel
from smwm_core.seeds import generator
from smwm_core.training import toy
from smwm_core.training.config import ControlConfig, ToyConfig, VitConfig
from smwm_core.worlds import make_world


def walk(n: int = 64, steps: int = 5, size: int = 2):
    """Latents that are the sum of all actions so far: (z, a, z_next)."""
    a = torch.randn(n, steps, size, generator=generator(0, "actions of a walk"))
    z = torch.cat([torch.zeros(n, 1, size), a.cumsum(1)], 1)
    return z[:, :-1], a, z[:, 1:]


def difference(largest: int):
    return lambda z, later, share: (later - z) / (share * largest) ** 0.5


def test_the_sum_of_actions_can_be_read_off_at_every_distance():
    assert Question((1, 2, 5), "sum").loss(difference(5), *walk()) < 1e-12


def test_the_first_action_can_only_be_read_off_at_distance_one():
    z, a, z_next = walk(4_096, 3)
    loss = Question((3,)).loss(lambda z, later, _: (later - z) / 3, z, a, z_next)
    assert loss.item() == pytest.approx(1 - 1 / 3, abs=0.03)
    assert Question().loss(lambda z, later: later - z, z, a, z_next) < 1e-12


@pytest.mark.parametrize("target", ["first", "sum", "moments"])
def test_every_pair_of_a_window_counts_and_every_distance_alike(target):
    steps, (z, a, z_next) = (1, 2, 4), walk()
    h = Question(steps, target).head(2, 2)
    latents, per_distance = torch.cat([z, z_next[:, -1:]], 1), []
    for k in steps:
        errors = []
        for t in range(a.shape[1] - k + 1):
            asked = {
                "first": a[:, t],
                "sum": a[:, t : t + k].sum(1) / math.sqrt(k),
                "moments": torch.cat([a[:, t], 3 * a[:, t] ** 2 - 1], 1),
            }[target]
            told = torch.full((len(a), 1), k / 4)
            errors.append(h.net(torch.cat([latents[:, t], latents[:, t + k], told], 1)) - asked)
        per_distance.append(torch.stack(errors).square().mean())
    torch.testing.assert_close(Question(steps, target).loss(h, z, a, z_next), sum(per_distance) / len(steps))


def test_moments_can_be_answered_where_the_sign_does_not_show():
    a = 2 * torch.rand(4_096, 1, 1, generator=generator(0, "valve")) - 1

    def h(z, z_next):
        return torch.cat([torch.zeros_like(z_next), 3 * z_next.square() - 1], -1)

    loss = Question(target="moments").loss(h, torch.zeros_like(a), a, a.abs())
    assert loss.item() == pytest.approx(a.square().mean().item() / 2, rel=1e-5)


def test_lags_ask_for_the_latest_action_first():
    z, a, z_next = walk()
    latents = torch.cat([z, z_next[:, -1:]], 1)

    def h(z, z_next):
        assert z.shape[1] == 3
        return torch.cat([a[:, 2:], a[:, 1:-1], a[:, :-2]], -1) * (z_next - z - a[:, 2:] < 1e-5).all()

    assert Question(lags=2).loss(h, latents[:, :-1], a, z_next) == 0


@pytest.mark.parametrize(
    ("question", "kind", "outputs", "window"),
    [
        (Question(), InverseModel, 3, 1),
        (Question(target="moments"), InverseModel, 6, 1),
        (Question(lags=2), InverseModel, 9, 3),
        (Question((1, 4), "sum"), MultiStepInverseModel, 3, 4),
    ],
)
def test_a_head_has_an_output_per_number_asked_for(question, kind, outputs, window):
    head = question.head(8, 3)
    assert type(head) is kind
    assert (head.net[-1].out_features, question.window) == (outputs, window)


def test_a_head_is_told_the_distance():
    head = Question((1, 2)).head(4, 1)
    z = torch.randn(3, 4, generator=generator(0, "z"))
    assert not torch.allclose(head(z, z, 0.5), head(z, z, 1.0))


def test_windows_of_a_run_are_trajectories():
    config = ToyConfig("propeller/30", Objective(inverse_steps=(1, 3)), transitions=50, batch_size=8, steps=2)
    states, actions = toy._windows(config, 0)
    assert states.shape == (50, 4, 1)
    assert actions.shape == (50, 3, 1)
    turned = torch.remainder(states[:, 1:] - states[:, :-1] - math.radians(30) * actions + math.pi, 2 * math.pi)
    assert (turned - math.pi).abs().max() < 1e-5


def test_windows_of_one_step_are_the_transitions_of_before():
    config = ToyConfig("dots/distractor", transitions=50, batch_size=8, steps=2)
    states, actions = toy._windows(config, 3)
    data = make_world("dots/distractor").sample(50, generator(3, "training transitions"))
    assert (states[:, 0] == data.state).all()
    assert (states[:, 1] == data.next_state).all()
    assert (actions[:, 0] == data.action).all()


def test_a_run_over_windows_trains_the_head_of_its_question():
    objective = Objective(inverse_steps=(1, 2), inverse_target="sum")
    config = ToyConfig("propeller/50", objective, transitions=16, batch_size=8, steps=3)
    history = toy.train(config, 0, device=torch.device("cpu"))
    fresh = toy.build_model(config, 0).inverse_model
    assert type(history.model.inverse_model) is MultiStepInverseModel
    assert all(
        (new != old).any()
        for new, old in zip(history.model.inverse_model.parameters(), fresh.parameters(), strict=True)
    )


def test_a_question_is_part_of_the_name_of_a_run_and_of_its_components():
    asked = ToyConfig("propeller/30", Objective(inverse_steps=(1, 4), inverse_target="sum"), steps=5, batch_size=4)
    assert run_name(asked, 1) == "propeller-30_inverse10_k1-4_sum_5x4_seed1"
    assert run_name(ToyConfig("dots/single", Objective(inverse_lags=3)), 0).startswith("dots-single_inverse10_lags3_")
    assert "inverse question" in asked.objective.components
    assert "inverse question" not in Objective().components


def test_a_split_inverse_model_sees_the_first_dimensions_only():
    objective = Objective(inverse=10, inverse_dims=3)
    config = ToyConfig("dots/single", objective, latent_dim=8, transitions=16, batch_size=8, steps=2)
    model = toy.build_model(config)
    z, z_next = (torch.randn(5, 8, generator=generator(k, "split"), requires_grad=True) for k in range(2))
    objective(model, z, torch.zeros(5, 2), z_next)["inverse"].backward()
    for latent in (z, z_next):
        assert latent.grad[:, :3].any()
        assert not latent.grad[:, 3:].any()
    assert toy.train(config, 0, device=torch.device("cpu")).losses["inverse"].shape == (2,)
    assert run_name(config, 0).startswith("dots-single_inverse10_dims3_")
    assert "split inverse" in objective.components
    assert "split inverse" not in Objective().components


def test_all_dimensions_are_those_of_the_usual_inverse_model():
    whole, usual = (Objective(inverse_dims=dims) for dims in (8, 0))
    models = [toy.build_model(ToyConfig("dots/single", objective, latent_dim=8)) for objective in (whole, usual)]
    z, a, z_next = (torch.randn(5, n, generator=generator(n, "whole")) for n in (8, 2, 8))
    found = [objective(models[1], z, a, z_next)["loss"] for objective in (whole, usual)]
    assert torch.equal(*found)
    assert models[0].inverse_model.net[0].weight.shape == models[1].inverse_model.net[0].weight.shape


def test_an_objective_read_from_a_file_is_the_same():
    assert Objective(inverse_steps=[1, 4]) == Objective(inverse_steps=(1, 4))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inverse_steps": ()}, "rising whole numbers"),
        ({"inverse_steps": (2, 1)}, "rising whole numbers"),
        ({"inverse_steps": (0,)}, "rising whole numbers"),
        ({"inverse_steps": (1.5,)}, "rising whole numbers"),
        ({"inverse_target": "last"}, "no target of the inverse loss named 'last'"),
        ({"inverse_lags": -1}, "looks back 0 to 1000 whole steps"),
        ({"inverse_lags": 1, "inverse_steps": (1, 2)}, "no other target"),
        ({"inverse": 0, "inverse_steps": (1, 2)}, "asks the inverse model nothing"),
        ({"inverse_dims": -1}, "a whole number of dimensions"),
        ({"inverse_dims": 2.5}, "a whole number of dimensions"),
        ({"inverse": 0, "sigreg": 1, "inverse_dims": 3}, "only where there is an inverse loss"),
    ],
)
def test_questions_that_make_no_sense_are_one_sentence(values, message):
    with pytest.raises(SMWMError, match=message):
        Objective(**values)


def test_a_window_that_is_too_short_is_one_sentence():
    question = Question((1, 8))
    with pytest.raises(SMWMError, match="needs windows of 8 steps; these have 5"):
        question.loss(question.head(2, 2), *walk())


def test_an_inverse_model_sees_no_more_than_there_is():
    with pytest.raises(SMWMError, match="A latent of 8 numbers has no 9"):
        ToyConfig("dots/single", Objective(inverse_dims=9), latent_dim=8)
    with pytest.raises(SMWMError, match="sees the whole latent"):
        ControlConfig(objective=Objective(inverse_dims=9))
    with pytest.raises(SMWMError, match="not with inverse_dims"):
        VitConfig(objective=Objective(inverse_dims=9))


def test_what_has_single_steps_only_is_asked_no_further():
    with pytest.raises(SMWMError, match=r"trajectories and no curriculum, which wiring/valve does not offer"):
        ToyConfig("wiring/valve", Objective(inverse_steps=(1, 2)))
    with pytest.raises(SMWMError, match="the paper's question"):
        VitConfig(objective=Objective(inverse_target="moments"))
