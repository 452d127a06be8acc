"""Claims about a weight of the inverse loss that follows from a constraint, about a forward loss without a scale, and
about dots that move less.

1. λ rises by 0.02 in the logarithm while far too much is missed, falls while less is, and stays within its bounds.
2. The share that is missed is the loss over the variance of the batch's actions, as a running mean that starts at 1.
3. A run records the λ of each step, the total loss uses it, and an interrupted run ends with the same bits.
4. Without a constraint nothing changes: no term, no state, no other name; the default objective is the paper's.
5. The relative forward loss is the same at every scale and 1 for a prediction of no change.
6. Dots of a smaller largest displacement fill [-1, 1] with their actions, start where all do, and at 16 are the usual.
7. What makes no sense is one sentence.
"""

import math

import pytest
import torch

from smwm_book.experiments.recipe import fingerprint, recipe
from smwm_book.experiments.runs import run_name
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.losses.smwm import forward_loss, relative_forward_loss
from smwm_core.models import WorldModel
from smwm_core.seeds import generator
from smwm_core.training import toy
from smwm_core.training.adaptive_weight import AdaptiveWeight
from smwm_core.training.auxiliary import AuxiliaryNetworks
from smwm_core.training.config import ToyConfig, VitConfig
from smwm_core.training.loop import Paused
from smwm_core.worlds import DotWorld, make_world

CPU = torch.device("cpu")
ACTIONS = torch.tensor([[-1.0, 3.0], [1.0, 1.0], [0.0, 2.0]])  # of variance 1 in both dimensions
CONSTRAINED = ToyConfig(
    "dots/distractor", Objective(inverse=1, constraint=0.7), transitions=64, batch_size=16, steps=6, latent_dim=8
)


def after(rule: AdaptiveWeight, loss: float, steps: int) -> float:
    for _ in range(steps):
        rule.adapt(torch.tensor(loss), ACTIONS)
    return rule.weight.item()


def test_the_weight_rises_while_too_much_is_missed():
    assert after(AdaptiveWeight(2.0, 0.05), 1.0, 10) == pytest.approx(2 * math.exp(0.2), rel=1e-5)


def test_the_weight_falls_while_less_is_missed():
    rule = AdaptiveWeight(1.0, 0.5)
    rule.missed.fill_(0.25)
    assert after(rule, 0.25, 10) == pytest.approx(math.exp(-0.1), rel=1e-5)


def test_the_weight_stays_at_the_limit():
    rule = AdaptiveWeight(3.0, 0.5)
    rule.missed.fill_(0.5)
    assert after(rule, 0.5, 10) == pytest.approx(3, rel=1e-5)


def test_the_weight_is_clipped():
    assert after(AdaptiveWeight(999.0, 0.05), 1.0, 5) == pytest.approx(1_000, rel=1e-5)
    rule = AdaptiveWeight(1.001e-3, 0.5)
    rule.missed.zero_()
    assert after(rule, 0.0, 5) == pytest.approx(1e-3, rel=1e-5)


def test_what_is_missed_is_a_running_mean_of_the_share():
    rule = AdaptiveWeight(1.0, 0.5)
    rule.adapt(torch.tensor(3.0), 10 * ACTIONS.reshape(3, 1, 2))
    assert rule.missed.item() == pytest.approx(0.95 + 0.05 * 0.03)
    rule.adapt(torch.tensor(0.0), torch.zeros(4, 2))  # actions that are all alike
    assert math.isfinite(rule.weight)


def test_a_weight_that_was_read_stays_as_it_is():
    rule = AdaptiveWeight(1.0, 0.5)
    read = rule.weight
    assert after(rule, 1.0, 3) > read.item() == 1.0


def test_a_run_records_the_weight_that_it_used():
    history = toy.train(CONSTRAINED, 0, device=CPU)
    losses, weight = history.losses, history.losses["weight"]
    assert list(losses) == ["loss", "forward", "inverse", "weight"]
    assert weight[0] == 1
    assert (weight[1:] > weight[:-1]).all()
    assert losses["loss"] == pytest.approx(losses["forward"] + weight * losses["inverse"], rel=1e-5)


def test_an_interrupted_run_ends_with_the_same_bits(tmp_path):
    whole = toy.train(CONSTRAINED, 0, device=CPU)
    asked = iter([False, False, True])
    with pytest.raises(Paused):
        toy.train(CONSTRAINED, 0, device=CPU, progress=tmp_path / "p.pt", pause=lambda: next(asked))
    rest = toy.train(CONSTRAINED, 0, device=CPU, progress=tmp_path / "p.pt")
    for term, values in whole.losses.items():
        assert (rest.losses[term] == values).all(), term
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(rest.model.state_dict()[name], tensor)


def test_without_a_constraint_nothing_is_added():
    plain, config = Objective(), ToyConfig()
    assert (plain.constraint, plain.relative) == (0, False)
    assert plain.terms == ("loss", "forward", "inverse")
    assert plain.components == ("objective",)
    assert not AuxiliaryNetworks(plain, WorldModel.toy(2, 8)).state_dict()
    assert fingerprint(config, 0, "cpu") == fingerprint(ToyConfig(objective=Objective(constraint=0.0)), 0, "cpu")
    assert run_name(config, 0) == "dots-single_inverse10_97600x256_seed0"


def test_the_total_of_the_paper_is_the_weighted_sum_bit_by_bit():
    model, rng = WorldModel.toy(2, 8), generator(0, "latents")
    z, a, z_next = torch.randn(5, 8, generator=rng), torch.randn(5, 2, generator=rng), torch.randn(5, 8, generator=rng)
    found = Objective(inverse=10)(model, z, a, z_next)
    assert found["loss"] == found["forward"] + 10 * found["inverse"]
    adapted = Objective(inverse=10, constraint=0.1)(model, z, a, z_next)
    assert adapted["loss"] == found["loss"]
    other = Objective(inverse=10, constraint=0.1)(model, z, a, z_next, weight=torch.tensor(3.0))
    assert other["loss"] == found["forward"] + 3 * found["inverse"]


def test_both_are_part_of_a_name_and_of_the_components():
    base = recipe(ToyConfig("dots/distractor")).keys()
    relative = ToyConfig("dots/distractor", Objective(inverse=1, relative=True), steps=5, batch_size=4)
    assert recipe(CONSTRAINED).keys() - base == {"constraint"}
    assert recipe(relative).keys() - base == {"relative forward"}
    assert run_name(relative, 0) == "dots-distractor_inverse1_relative_5x4_seed0"
    assert "_inverse1_kappa0.7_6x16_" in run_name(CONSTRAINED, 0)


def test_the_relative_loss_has_no_scale_and_is_one_for_no_change():
    z_hat, z, z_next = torch.randn(3, 7, 4, generator=generator(0, "relative"))
    once = relative_forward_loss(z_hat, z, z_next)
    assert once.item() == pytest.approx((forward_loss(z_hat, z_next) / forward_loss(z, z_next)).item(), rel=1e-6)
    torch.testing.assert_close(relative_forward_loss(100 * z_hat, 100 * z, 100 * z_next), once)
    assert relative_forward_loss(z, z, z_next).item() == pytest.approx(1)
    assert relative_forward_loss(z, z, z) == 0


def test_the_relative_loss_sends_gradients_through_both_losses():
    z_hat, z, z_next = torch.randn(3, 7, 4, generator=generator(0, "relative")).requires_grad_(True)
    gradients = torch.autograd.grad(relative_forward_loss(z_hat, z, z_next), (z_hat, z, z_next))
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


@pytest.mark.parametrize("largest", [1, 4, 8])
def test_slower_dots_fill_the_actions_and_start_where_all_do(largest):
    world = make_world(f"dots/distractor/{largest}")
    data = world.sample(4_000, generator(0, "slow"))
    moved = (data.next_state - data.state).float()
    assert moved.abs().amax(0).tolist() == [largest] * 4
    assert torch.equal(data.action, moved[:, :2] / largest)
    assert (data.state.min(), data.state.max()) == (18, 45)
    states, actions = world.sample_trajectories(50, 3, generator(0, "slow"))
    assert torch.equal((states[:, 1:] - states[:, :-1])[..., :2].float(), largest * actions)
    assert world.describe().endswith(f"steps up to {largest} px; 2-D action")


def test_at_sixteen_they_are_the_usual_dots():
    slow, usual = (make_world(name).sample(100, generator(0, "usual")) for name in ("dots/single/16", "dots/single"))
    assert torch.equal(slow.state, usual.state)
    assert torch.equal(slow.action, usual.action)
    assert torch.equal(slow.next_state, usual.next_state)
    assert make_world("dots/independent+static/8") == DotWorld(("independent", "static"), largest_displacement=8)
    assert "steps" not in make_world("dots/single").describe()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Objective(constraint=-0.1), r"share of the action's variance, in \[0, 1\), not -0.1"),
        (lambda: Objective(constraint=1.0), r"in \[0, 1\), not 1.0"),
        (lambda: Objective(constraint=math.nan), r"in \[0, 1\), not nan"),
        (lambda: Objective(inverse=0, constraint=0.1), r"\[0.001, 1000\], not 0"),
        (lambda: Objective(inverse=2_000, constraint=0.1), r"\[0.001, 1000\], not 2000"),
        (lambda: Objective(constraint=0.1, inverse_lags=1), "of no other question"),
        (lambda: AdaptiveWeight(1.0, 0.0), r"a limit in \(0, 1\)"),
        (lambda: AdaptiveWeight(1e4, 0.5), r"starts in \[0.001, 1000\]"),
        (lambda: VitConfig(objective=Objective(constraint=0.1)), "not with constraint"),
        (lambda: VitConfig(objective=Objective(relative=True)), "not with relative"),
        (lambda: relative_forward_loss(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(2, 3)), "of one shape"),
        (lambda: make_world("dots/distractor/0"), "up to 1 to 16 px in a step, not by up to 0"),
        (lambda: make_world("dots/distractor/17"), "not by up to 17"),
        (lambda: make_world("dots/unknown/8"), "no world named 'dots/unknown'"),
        (lambda: make_world("dots/distractor/8/4"), "no world named 'dots/distractor/8/4'"),
        (lambda: make_world("dots/distractor/-8"), "no world named 'dots/distractor/-8'"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(make, message):
    with pytest.raises(SMWMError, match=message):
        make()
