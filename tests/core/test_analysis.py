"""Claims about what is read out of frozen latents.

1. The spectrum is the eigenvalues of the covariance; its sum is the total variance.
2. The knee counts the significant directions above a noise floor.
3. Knee and effective rank are blind to scale: pure noise of variance 1e-10 has an effective rank near Z.
4. The principal plane keeps the distances of a rotated grid.
5. The linear probe finds a linear target (R² = 1) and nothing in independent noise (R² near 0).
6. A fresh inverse model on constant latents reaches Var(a) and no less; on latents that hold the
   action it gets near 0.
7. Rollout errors are 0 for a perfect model and the stay-put error for a model that stays put.
"""

import re

import numpy as np
import pytest
import torch
from scipy import stats

from smwm_core.analysis.probes import fresh_inverse_loss, linear_r2, r2_while_training
from smwm_core.analysis.rollout import rollout_errors
from smwm_core.analysis.spectrum import PrincipalPlane, effective_rank, knee, spectrum, top_share
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel


def rotation(size: int) -> np.ndarray:
    return stats.ortho_group.rvs(size, random_state=0)


def gaussian(variances: list[float], n: int = 4_000) -> torch.Tensor:
    """Latents with these variances along hidden, rotated axes, and a mean that is not 0."""
    z = np.random.default_rng(0).normal(size=(n, len(variances))) * np.sqrt(variances)
    return torch.from_numpy(z @ rotation(len(variances)) + 0.3)


def test_the_spectrum_recovers_a_known_covariance():
    variances = spectrum(gaussian([4.0, 1.0, 0.25, 0.01], n=40_000))
    assert variances == pytest.approx([4.0, 1.0, 0.25, 0.01], rel=0.03)


def test_the_spectrum_of_four_points_by_hand():
    z = torch.tensor([[3.0, 0, 0], [-3, 0, 0], [0, 1, 0], [0, -1, 0]])
    assert spectrum(z) == pytest.approx([18 / 3, 2 / 3, 0], abs=1e-12)
    assert spectrum(z + 5) == pytest.approx([18 / 3, 2 / 3, 0], abs=1e-12)


def test_the_spectrum_sums_to_the_total_variance_in_float64_and_descending_order():
    z = gaussian([2.0, 0.5, 0.1, 0.1, 1e-9], n=100).float()
    variances = spectrum(z)
    assert variances.dtype == np.float64
    assert variances.sum() == pytest.approx(z.double().var(0).sum().item())
    assert (np.diff(variances) <= 0).all()
    assert (variances >= 0).all()


def test_a_one_dimensional_latent_has_one_variance():
    assert spectrum(torch.tensor([[0.0], [2.0]])) == pytest.approx([2.0])


@pytest.mark.parametrize("shape", [(5,), (1, 4), (2, 3, 4)])
def test_a_spectrum_refuses_what_is_no_set_of_latents(shape):
    with pytest.raises(SMWMError, match=r"at least two latents of shape \(N, Z\)"):
        spectrum(torch.zeros(shape))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_diverged_latent_is_refused(bad):
    z = torch.zeros(4, 3)
    z[1, 2] = bad
    for reader in (spectrum, PrincipalPlane):
        with pytest.raises(SMWMError, match="not finite"):
            reader(z)


def test_the_top_share_by_hand():
    variances = np.array([6.0, 3.0, 0.9, 0.1])
    assert [top_share(variances, k) for k in (1, 2, 4)] == pytest.approx([0.6, 0.9, 1.0])


@pytest.mark.parametrize("k", [2, 4, 6])
@pytest.mark.parametrize("floor", [1e-2, 1e-4, 1e-8])
def test_the_knee_counts_the_directions_above_a_noise_floor(k, floor):
    significant = np.linspace(1.0, 0.4, k)
    noise = floor * np.geomspace(1, 0.1, 64 - k)
    variances = spectrum(gaussian([*significant, *noise], n=2_000))
    assert knee(variances) == k
    assert top_share(variances, k) > 0.75


def test_a_cliff_among_negligible_components_is_no_knee():
    assert knee(np.array([1.0, 0.8, 0.05, 0.001, 1e-12])) == 3
    assert knee(np.array([1.0, 0.8, 0.005, 1e-12, 1e-13])) == 2


@pytest.mark.parametrize("k", [1, 2, 5])
def test_exactly_degenerate_latents_have_their_rank_as_knee(k):
    variances = np.zeros(8)
    variances[:k] = 10.0
    assert knee(variances) == k


@pytest.mark.parametrize("dimensions", [64, 192])
def test_isotropic_noise_has_a_knee_whatever_the_latent_size(dimensions):
    assert 1 <= knee(spectrum(gaussian([1.0] * dimensions, n=20_000))) < dimensions


def test_knee_share_and_effective_rank_are_blind_to_scale():
    variances = spectrum(gaussian([1.0, 0.8, *[0.001] * 14]))
    for scale in (1e-12, 1e6):
        assert knee(variances * scale) == knee(variances) == 2
        assert top_share(variances * scale, 2) == pytest.approx(top_share(variances, 2))
        assert effective_rank(variances * scale) == pytest.approx(effective_rank(variances))


def test_effective_rank_rises_to_the_latent_size_when_everything_collapses_to_noise():
    healthy = spectrum(gaussian([0.5, 0.5, *[1e-4] * 62]))
    collapsed = spectrum(gaussian([1e-10] * 64))
    assert collapsed.sum() < 1e-8
    assert effective_rank(healthy) < 3
    assert effective_rank(collapsed) > 60


@pytest.mark.parametrize(
    ("variances", "rank"),
    [([1.0, 1.0, 0.0], 2), ([3.0, 0.0, 0.0], 1), ([0.5] * 5, 5), ([0.9, 0.1], 0.9**-0.9 * 0.1**-0.1)],
)
def test_the_effective_rank_by_hand(variances, rank):
    assert effective_rank(np.array(variances)) == pytest.approx(rank)


def test_the_principal_plane_keeps_the_distances_of_a_rotated_grid():
    grid = np.stack(np.meshgrid(np.arange(5.0), 2 * np.arange(4.0)), -1)
    hidden = np.concatenate([grid, np.zeros((4, 5, 6))], -1) @ rotation(8) + 7
    plane = PrincipalPlane(torch.from_numpy(hidden).flatten(0, 1))
    seen = plane(torch.from_numpy(hidden))
    assert seen.shape == (4, 5, 2)
    distances = np.linalg.norm(grid.reshape(20, 1, 2) - grid.reshape(1, 20, 2), axis=-1)
    assert np.linalg.norm(seen.reshape(20, 1, 2) - seen.reshape(1, 20, 2), axis=-1) == pytest.approx(distances)
    assert seen.reshape(20, 2).mean(0) == pytest.approx([0, 0], abs=1e-12)
    assert seen.reshape(20, 2).var(0) == pytest.approx(sorted(grid.reshape(20, 2).var(0), reverse=True))


def test_the_axes_of_the_plane_have_a_fixed_sign():
    z = gaussian([3.0, 1.0, 0.1])
    axes = PrincipalPlane(z).axes
    assert axes == pytest.approx(PrincipalPlane(2 * z.mean(0) - z).axes, abs=1e-9)
    assert (axes[np.arange(2), np.abs(axes).argmax(1)] > 0).all()


def test_a_linear_target_is_read_out_perfectly():
    z = gaussian([1.0] * 8, n=400)
    target = z @ gaussian([1.0] * 3, n=8) - 2
    assert linear_r2(z, target) == pytest.approx([1, 1, 1])


def test_nothing_is_read_out_of_independent_noise():
    target = torch.from_numpy(np.random.default_rng(1).normal(size=(8_000, 2)))
    r2 = linear_r2(gaussian([1.0] * 8, n=8_000), target)
    assert r2.shape == (2,)
    assert np.abs(r2).max() < 0.1


def test_half_signal_and_half_noise_give_half_the_variance():
    z = gaussian([1.0, 1.0], n=20_000)
    noise = torch.from_numpy(np.random.default_rng(1).normal(size=(20_000, 1)))
    assert linear_r2(z, z[:, :1] + noise + 5) == pytest.approx([0.5], abs=0.03)


def test_the_probe_is_scored_on_targets_that_it_was_not_fitted_on():
    # 60 targets, each drawn 40 times with a random code of its own: all that can be learned is by heart.
    target = gaussian([1.0], n=60).repeat(40, 1)
    codes = gaussian([1.0] * 50, n=60).repeat(40, 1)
    assert linear_r2(codes, target)[0] < 0


@pytest.mark.parametrize(("latents", "targets"), [(17, 17), (100, 99)])
def test_a_probe_refuses_too_few_latents_or_targets(latents, targets):
    with pytest.raises(SMWMError, match=f"one target per latent .* there are {latents} latents and {targets} targets"):
        linear_r2(torch.zeros(latents, 8), torch.zeros(targets, 1))


def test_a_probe_accepts_as_many_latents_as_its_refusal_asks_for():
    z = gaussian([1.0] * 8, n=40)
    with pytest.raises(SMWMError) as refusal:
        linear_r2(z[:4], z[:4])
    bound, number = re.search(r"(more than|at least) (\d+)", str(refusal.value)).groups()
    enough = int(number) + (bound == "more than")
    assert linear_r2(z[:enough], z[:enough, :1]).shape == (1,)


def test_a_fresh_inverse_model_on_constant_latents_reaches_the_variance_of_the_action():
    a = torch.rand(2_000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    z = torch.full((2_000, 4), 0.7)
    loss = fresh_inverse_loss(z, a, z, seed=0, steps=150, batch_size=64)
    assert loss == pytest.approx(a[1_000:].var(0, correction=0).mean().item(), rel=0.05)


def test_a_fresh_inverse_model_finds_an_action_that_the_latents_hold():
    source = torch.Generator().manual_seed(0)
    a = torch.rand(1_000, 2, generator=source) * 2 - 1
    z = torch.rand(1_000, 4, generator=source) - 0.5
    z_next = torch.cat([z[:, :2] + a, z[:, 2:]], 1)
    loss = fresh_inverse_loss(z, a, z_next, seed=0, steps=100, batch_size=64)
    assert 0 < loss < 0.03 * a.var(0).mean().item()


def test_the_seed_alone_decides_a_fresh_inverse_model():
    a = torch.rand(100, 2, generator=torch.Generator().manual_seed(0))
    z, untouched = a.repeat(1, 2), torch.get_rng_state()
    first, again, other = (fresh_inverse_loss(z, a, z, seed=seed, steps=5, batch_size=16) for seed in (0, 0, 1))
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), untouched)


class Translation(torch.nn.Module):
    """A forward model that moves the latent by a linear image of the action."""

    def __init__(self, matrix: torch.Tensor) -> None:
        super().__init__()
        self.matrix = matrix

    def forward(self, z: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
        return z + a @ self.matrix


def translated(matrix: torch.Tensor, n: int = 6, steps: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents ``(n, steps + 1, Z)`` that actions ``(n, steps, A)`` really translate."""
    source = torch.Generator().manual_seed(0)
    actions = torch.rand(n, steps, len(matrix), generator=source, dtype=matrix.dtype) - 0.5
    z = torch.rand(n, 1, matrix.shape[1], generator=source, dtype=matrix.dtype)
    return torch.cat([z, z + (actions @ matrix).cumsum(1)], 1), actions


def world_model(forward_model: torch.nn.Module) -> WorldModel:
    return WorldModel(torch.nn.Identity(), forward_model, torch.nn.Identity())


def test_a_perfect_model_has_no_rollout_error():
    matrix = torch.randn(2, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z, actions = translated(matrix)
    error, stay_put = rollout_errors(world_model(Translation(matrix)), z, actions)
    assert error == pytest.approx(np.zeros(4), abs=1e-12)
    expected = [np.linalg.norm((z[:, 0] - z[:, k]).numpy(), axis=1).mean() for k in (1, 2, 3, 4)]
    assert stay_put == pytest.approx(expected)
    assert stay_put.min() > 0.1


def test_a_model_that_stays_put_has_the_stay_put_error():
    matrix = torch.randn(2, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    error, stay_put = rollout_errors(world_model(Translation(torch.zeros_like(matrix))), *translated(matrix))
    assert error / stay_put == pytest.approx(np.ones(4))


def test_half_a_step_leaves_half_the_error():
    matrix = torch.randn(2, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    error, stay_put = rollout_errors(world_model(Translation(matrix / 2)), *translated(matrix))
    assert error / stay_put == pytest.approx(np.full(4, 0.5))


@pytest.mark.parametrize(("latents", "actions"), [((6, 4, 5), (6, 4, 2)), ((5, 5, 5), (6, 4, 2)), ((6, 5), (6, 4, 2))])
def test_rollout_errors_refuse_latents_that_do_not_fit_the_actions(latents, actions):
    with pytest.raises(SMWMError, match=r"need latents of shape \(N, T \+ 1, Z\)"):
        rollout_errors(world_model(torch.nn.Identity()), torch.zeros(latents), torch.zeros(actions))


def test_snapshots_are_read_one_by_one():
    position = torch.rand(256, 4, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(256, 20, generator=torch.Generator().manual_seed(1))
    only_first = torch.cat([position[:, :2], 0.01 * noise], 1)
    scores = r2_while_training(torch.stack([noise[:, :12], position.repeat(1, 3), only_first[:, :12]]), position)
    assert scores.shape == (3, 4)
    assert (scores[0] < 0.3).all()
    assert scores[1] == pytest.approx(1, abs=1e-4)
    assert scores[2][:2] == pytest.approx(1, abs=1e-3)
    assert (scores[2][2:] < 0.3).all()
