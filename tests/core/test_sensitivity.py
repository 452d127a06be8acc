"""Claims about metrics that a small scale cannot flatter.

1. A linear latent ``z = A (c₁ p₁ + c₂ p₂)`` has the pull ratio ``|c₂ / c₁|``, for every isometry A; the pull itself is
   the move times ``|c|``.
2. A correlation of the two parts over the states changes nothing.
3. A blur of b leaves ``1 / (1 + b² mean / own)`` of a component's R², where an ordinary read-out finds everything.
4. The blurred read-out does not depend on scale, and is the same every time.
5. A blurred read-out is least squares on many noisy copies of the latents: it leaves what is tiny.
6. What makes no sense is refused in a sentence.
"""

import pytest
import torch
from torch import nn

from smwm_core.analysis.probes import linear_r2
from smwm_core.analysis.sensitivity import blurred, blurred_r2, blurred_readout, pull, pull_ratio
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel

FIRST, SECOND = (0, 1), (2, 3)


class Bare:
    """A world whose frames are its states."""

    def render(self, state):
        return state


def linear_model(first: float, second: float) -> WorldModel:
    """z = A (first · p₁ + second · p₂) with orthonormal columns in A."""
    encoder = nn.Linear(4, 8, bias=False).double()
    isometry = torch.linalg.qr(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)).double()).Q
    encoder.requires_grad_(False)
    encoder.weight.data = isometry @ torch.tensor([[first, 0, second, 0], [0, first, 0, second]], dtype=torch.float64)
    return WorldModel(encoder, nn.Identity(), nn.Identity())


def states(correlation: float = 0.0, n: int = 300) -> torch.Tensor:
    drawn = torch.randn(n, 4, generator=torch.Generator().manual_seed(1)).double()
    drawn[:, 2:] = correlation * drawn[:, :2] + (1 - correlation**2) ** 0.5 * drawn[:, 2:]
    return drawn


@pytest.mark.parametrize(("first", "second"), [(1, 0.25), (2, -3), (1e-6, 3e-6), (1, 0)])
def test_a_linear_latent_has_the_ratio_of_its_coefficients(first, second):
    ratio = pull_ratio(linear_model(first, second), Bare(), states(), SECOND, FIRST, by=4)
    assert ratio == pytest.approx(abs(second / first), abs=1e-9)
    assert pull(linear_model(first, second), Bare(), states(), FIRST, by=4) == pytest.approx(4 * abs(first))


def test_only_the_named_coordinates_are_moved():
    assert pull(linear_model(1, 5), Bare(), states(), (0,), by=-2) == pytest.approx(2)
    assert pull(linear_model(1, 5), Bare(), states(), (0, 3), by=2) == pytest.approx((2 + 10) / 2)


def test_correlation_cannot_fake_a_pull():
    together = states(correlation=0.99)
    model = linear_model(1, 0)
    assert linear_r2(model.encode_states(Bare(), together) @ model.encoder.weight[:, :2], together[:, 2:]).min() > 0.95
    assert pull_ratio(model, Bare(), together, SECOND, FIRST, by=4) == pytest.approx(0, abs=1e-12)


def test_blur_takes_what_is_small():
    z = torch.randn(40_000, 4, generator=torch.Generator().manual_seed(2)).double() * torch.tensor([1, 0.1, 0.01, 1])
    own, mean = z.var(0), z.var(0).mean()
    assert linear_r2(z, z).min() == pytest.approx(1)
    assert blurred_r2(z, z, blur=0.1) == pytest.approx((1 / (1 + 0.01 * mean / own)).numpy(), abs=0.01)


def test_blurred_r2_ignores_scale_and_repeats():
    z, target = states()[:, :3] @ torch.diag(torch.tensor([1, 0.05, 0.02])).double(), states()[:, :3]
    assert blurred_r2(1e-6 * z, target) == pytest.approx(blurred_r2(z, target))
    assert (blurred_r2(z, target) == blurred_r2(z, target)).all()
    assert blurred_r2(z, target)[2] < linear_r2(z, target)[2]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: blurred_r2(states(), states(), blur=0), "A blur is a positive number, not 0"),
        (lambda: pull(linear_model(1, 1), Bare(), states(), (4,), by=1), "columns of a state of 4 numbers"),
        (lambda: pull(linear_model(1, 1), Bare(), states(), (), by=1), "columns of a state of 4 numbers"),
        (lambda: pull(linear_model(1, 1), Bare(), states(), (0,), by=0), "a move that is not 0"),
        (lambda: pull_ratio(linear_model(0, 1), Bare(), states(), SECOND, FIRST, by=1), "does not move with what is"),
    ],
)
def test_what_makes_no_sense_is_refused(call, sentence):
    with pytest.raises(SMWMError, match=sentence):
        call()


def test_a_blurred_readout_is_least_squares_on_noisy_copies():
    z, y = states(n=200) @ torch.diag(torch.tensor([1.0, 2, 0.1, 0.01]).double()), states(n=200)
    noise = torch.randn(400, *z.shape, generator=torch.Generator().manual_seed(2), dtype=z.dtype)
    copies = (z + 0.05 * z.var(0).mean().sqrt() * noise).flatten(0, 1)
    x = torch.cat([copies, torch.ones(len(copies), 1, dtype=z.dtype)], 1)
    fitted = torch.linalg.lstsq(x, y.repeat(400, 1)).solution
    read = blurred_readout(z, y)
    torch.testing.assert_close(read(z), z @ fitted[:-1] + fitted[-1], atol=0.02, rtol=0)
    gain = [(read(z)[:, k] @ y[:, k] / (y[:, k] @ y[:, k])).item() for k in range(4)]
    assert gain[0] > 0.99
    assert gain[3] < 0.2
    assert read(z.float()[None]).dtype == torch.float32


def test_blurred_latents_are_the_same_every_time_and_have_the_noise_that_was_asked_for():
    z = states(n=4_000)
    assert torch.equal(blurred(z), blurred(z))
    assert (blurred(z, 0.2) - z).std().item() == pytest.approx(0.2 * z.var(0).mean().sqrt().item(), rel=0.02)


def test_a_readout_needs_a_target_per_latent():
    with pytest.raises(SMWMError, match="one target per latent; there are 300 and 299"):
        blurred_readout(states(), states()[1:])
