"""Claims about warning lights.

1. Forward heads agree where they were fitted and disagree where they were not; neither depends on the latent's scale.
2. Surprise is the error of the model's own prediction over the mean variance, of steps or along episodes.
3. Softened pictures lie further apart the further a dot moved, where sharp ones do not.
4. Neighbours of a latent that holds both dots look alike; of one that has dropped a dot they differ in it; of noise
   they are like any frames.
5. Random features of a hundred frames tell where the dots are, and a hundred labels say which latent has dropped one.
6. A cost that keeps away sees how near the dots come along the whole plan, and ignores it without a penalty.
7. What makes no sense is refused in a sentence.
"""

import numpy as np
import pytest
import torch
from torch import nn

from smwm_core.analysis.detection import (
    Ensemble,
    auroc,
    budgeted_r2,
    look_alikes,
    random_features,
    soft_pictures,
    surprise,
)
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.planning.costs import keeping_away
from smwm_core.seeds import generator
from smwm_core.worlds import make_world

WORLD = make_world("dots/independent+static")


def states(n: int, purpose: str = "states") -> torch.Tensor:
    return WORLD.sample(n, generator(0, purpose)).state


def steps(n: int = 512, scale: float = 1.0):
    z = torch.randn(n, 4, generator=generator(0, "z"))
    a = torch.randn(n, 2, generator=generator(0, "a"))
    return scale * z, a, scale * (z + torch.cat([a, 0 * a], 1))


def test_heads_disagree_where_they_were_not_fitted():
    z, a, z_next = steps()
    heads = Ensemble(z, a, z_next, steps=150, seed=0)
    here, far = heads.disagreement(z, a), heads.disagreement(5 * z, a)
    assert here.shape == (512,)
    assert far.mean() > 10 * here.mean() > 0


def test_disagreement_and_surprise_have_no_scale():
    readings = []
    for scale in (1.0, 1e-3):
        z, a, z_next = steps(scale=scale)
        model = WorldModel(nn.Identity(), lambda z, a: z, nn.Identity())  # predicts that nothing changes
        own = surprise(model, z, a, z_next).mean().item()
        readings.append((Ensemble(z, a, z_next, steps=20, seed=1).disagreement(z, a).mean().item(), own))
        assert own == pytest.approx(((z_next - z).square().mean() / z.var(0).mean()).item(), rel=1e-4)
    assert readings[0] == pytest.approx(readings[1], rel=1e-2)


def test_surprise_along_episodes_is_measured_against_all_their_latents():
    path = torch.randn(6, 5, 4, generator=generator(0, "path")) * torch.arange(1, 6)[:, None]
    a = torch.randn(6, 4, 2, generator=generator(0, "a"))
    model = WorldModel(nn.Identity(), lambda z, a: z, nn.Identity())
    found = surprise(model, path[:, :-1], a, path[:, 1:], among=path)
    wrong = (path[:, :-1] - path[:, 1:]).square().sum(-1)
    assert found.shape == (6, 4)
    assert torch.allclose(found, wrong / path.flatten(0, 1).var(0).sum(), rtol=1e-5)
    assert not torch.allclose(found, surprise(model, path[:, :-1], a, path[:, 1:]), rtol=1e-2)


def test_soft_pictures_know_how_far_a_dot_moved():
    state = torch.tensor([[20, 30, 40, 30], [24, 30, 40, 30], [32, 30, 40, 30]])
    soft, sharp = soft_pictures(WORLD, state), WORLD.render(state).flatten(1)
    near, far = ((pictures[0] - pictures[k]).norm().item() for k in (1, 2) for pictures in (soft,))
    assert far > 1.5 * near
    assert (sharp[0] - sharp[2]).norm().item() < 1.1 * (sharp[0] - sharp[1]).norm().item()


def test_look_alikes_tell_what_a_latent_has_dropped():
    asked, known = states(64, "asked"), states(2_048, "known")
    pictures = soft_pictures(WORLD, asked), soft_pictures(WORLD, known)
    noise = torch.randn(2_112, 4, generator=generator(0, "noise"))
    latents = {
        "both": (asked.float(), known.float()),
        "dot 1": (asked[:, :2].float(), known[:, :2].float()),
        "none": (noise[:64], noise[64:]),
    }
    both, one, none = (look_alikes(z, pictures[0], of, pictures[1]).mean().item() for z, of in latents.values())
    assert both < 0.6 < 0.7 < one < 1 < none


def test_a_hundred_labels_tell_what_a_latent_has_dropped():
    state = states(100)
    features = random_features(WORLD, state)
    assert features.shape == (100, 2_048)
    assert torch.equal(features, random_features(WORLD, state))
    reference = budgeted_r2(features, state.float())
    assert reference.min() > 0.85
    missing = reference - budgeted_r2(state[:, :2].float(), state.float())
    assert missing[:2].max() < 0.1
    assert missing[2:].min() > 0.7


def test_a_budgeted_probe_of_noise_finds_nothing():
    noise = torch.randn(100, 8, generator=generator(0, "noise"))
    assert budgeted_r2(noise, states(100).float()).max() < 0.2


def test_the_auroc_of_a_perfect_an_opposite_and_an_equal_score():
    truth = np.array([True, False, True, False])
    assert [auroc(truth, score) for score in (truth, ~truth, np.ones(4))] == [1, 0, 0.5]
    assert auroc(np.ones(3, bool), np.arange(3)) == 0.5


def test_a_cost_keeps_away_along_the_whole_plan():
    def rollout(z, actions):  # dot 1 moves by the action, dot 2 stays
        moved = z[:, None, :2] + actions.cumsum(1)
        return torch.cat([moved, z[:, None, 2:].expand_as(moved)], 2)

    z, goal = torch.tensor([[0.0, 0, 10, 0]]), torch.tensor([[20.0, 0]])
    through = torch.tensor([[10.0, 0], [10, 0]])
    around = torch.tensor([[10.0, 12], [10, -12]])
    plans = torch.stack([through, around])[None]
    careless, careful = (keeping_away(rollout, lambda x: x, margin=8, penalty=p)(z, goal, plans)[0] for p in (0, 10))
    assert careless.tolist() == pytest.approx([(10 + 0) / 2, np.hypot(10, 12) / 2])
    assert (careful - careless).tolist() == pytest.approx([80 / 2, 0])
    many = keeping_away(rollout, lambda x: x, margin=8, penalty=10)(z, goal, plans.repeat(1, 700, 1, 1))
    assert torch.equal(many[0, :2], careful)


def test_what_makes_no_sense_is_one_sentence():
    z, a, z_next = steps(16)
    with pytest.raises(SMWMError, match="two forward models at least to disagree, not 1"):
        Ensemble(z, a, z_next, steps=1, seed=0, heads=1)
    with pytest.raises(SMWMError, match="between 1 and 16 neighbours here, not 17"):
        look_alikes(z, z, z, z, neighbours=17)
    with pytest.raises(SMWMError, match="5 folds need a label per row and 10 rows; there are 9 and 9"):
        budgeted_r2(z[:9], z[:9])
    with pytest.raises(SMWMError, match="Each of the 2 cases needs a finite score; there are 1"):
        auroc(np.array([True, False]), np.array([1, np.nan]))
    with pytest.raises(SMWMError, match=r"need goals of shape \(B, 2\)"):
        keeping_away(lambda z, a: z, lambda z: z, margin=1, penalty=1)(z, z, a[:, None, None])
