"""Claims about the losses, each against an oracle that shares no code with them.

1. On a collapsed encoder the forward loss is 0, and the best inverse loss is Var(a).
2. Both losses are means over batch and dimensions, not sums.
3. Both losses send gradients into the encoder, through both of its frames: nothing is detached.
4. The objective is the weighted sum of its terms; a term of weight 0 is not even computed.
5. SIGReg is the Epps–Pulley statistic by the trapezoid rule: on [0, 3] with 17 knots, interior
   weights 2·dt and end weights dt, times the number of samples, averaged over unit directions.
6. SIGReg is low on N(0, I) and high when the latents are shifted, scaled or collapsed.
7. Its expectation on N(0, I) does not depend on the number of samples.
8. VICReg is its definition, written as loops; it is 0 on whitened latents and high on collapsed or correlated ones.
9. The foreground loss counts ink eleven times.
"""

import math

import numpy as np
import pytest
import torch
from scipy import integrate

from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import foreground_loss, forward_loss, inverse_loss
from smwm_core.losses.vicreg import vicreg_loss
from smwm_core.models import PixelDecoder, WorldModel
from smwm_core.worlds import make_world


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=seeded(seed))


def toy_batch(n: int = 8) -> tuple[WorldModel, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A model, two batches of frames and the actions between them."""
    torch.manual_seed(0)
    world = make_world("dots/single")
    data = world.sample(n, seeded())
    return WorldModel.toy(2), world.render(data.state), data.action, world.render(data.next_state)


def outputs_constant(layer: torch.nn.Linear, value: torch.Tensor) -> None:
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(value)


def epps_pulley(z: np.ndarray, direction: np.ndarray, knots: int = 17) -> float:
    """One direction's statistic in float64, written as loops over knots and samples."""
    projection = z @ (direction / math.sqrt(sum(d * d for d in direction)))
    dt = 3 / (knots - 1)
    total = 0.0
    for knot in range(knots):
        t = knot * dt
        weight = dt if knot in (0, knots - 1) else 2 * dt
        cosine = sum(math.cos(t * x) for x in projection) / len(z)
        sine = sum(math.sin(t * x) for x in projection) / len(z)
        gaussian = math.exp(-t * t / 2)
        total += weight * ((cosine - gaussian) ** 2 + sine**2) * gaussian
    return len(z) * total


def gaussian_integral(precision: float) -> float:
    """∫ exp(−precision·t²/2) dt over [−3, 3]."""
    return math.sqrt(2 * math.pi / precision) * math.erf(3 * math.sqrt(precision / 2))


def test_a_collapsed_encoder_has_no_forward_loss_and_an_inverse_loss_of_var_a():
    model, o, a, o_next = toy_batch(64)
    outputs_constant(model.encoder.head, torch.linspace(-1, 1, 64))
    z, z_next = model.encode(o), model.encode(o_next)
    outputs_constant(model.forward_model.net[4], torch.linspace(-1, 1, 64))
    outputs_constant(model.inverse_model.net[4], a.mean(0))
    assert (z == z[0]).all()
    assert forward_loss(model.predict(z, a), z_next).item() == 0
    best = inverse_loss(model.inverse_model(z, z_next), a).item()
    assert best == pytest.approx(a.numpy().var(0).mean(), rel=1e-5)


def test_any_other_guess_on_a_collapsed_encoder_is_worse_than_var_a_by_its_squared_offset():
    _, _, a, _ = toy_batch(64)
    constant = torch.full((64, 64), 0.3)
    for seed in range(5):
        torch.manual_seed(seed)
        guess = WorldModel.toy(2).inverse_model(constant, constant)
        offset = (guess[0] - a.mean(0)).square().mean().item()
        assert offset > 0
        assert inverse_loss(guess, a).item() == pytest.approx(a.numpy().var(0).mean() + offset, rel=1e-5)


@pytest.mark.parametrize("loss", [forward_loss, inverse_loss])
def test_a_loss_is_a_mean_over_batch_and_dimensions(loss):
    estimate, target = normal(5, 3, seed=1), normal(5, 3, seed=2)
    squares = [(e - t) ** 2 for e, t in zip(estimate.flatten().tolist(), target.flatten().tolist(), strict=True)]
    assert loss(estimate, target).item() == pytest.approx(sum(squares) / 15, rel=1e-6)
    assert loss(estimate.repeat(4, 6), target.repeat(4, 6)).item() == pytest.approx(sum(squares) / 15, rel=1e-6)
    assert loss(torch.ones(7, 2), torch.zeros(7, 2)).item() == 1


@pytest.mark.parametrize("loss", [forward_loss, inverse_loss])
def test_the_gradient_reaches_estimate_and_target_alike(loss):
    estimate, target = normal(5, 3, seed=1).requires_grad_(), normal(5, 3, seed=2).requires_grad_()
    to_estimate, to_target = torch.autograd.grad(loss(estimate, target), (estimate, target))
    expected = 2 / 15 * (estimate - target).detach()
    torch.testing.assert_close(to_estimate, expected)
    torch.testing.assert_close(to_target, -expected)


@pytest.mark.parametrize("term", ["forward", "inverse"])
@pytest.mark.parametrize("detached", ["neither frame", "the first frame", "the second frame"])
def test_a_loss_sends_gradients_into_the_encoder_through_both_frames(term, detached):
    model, o, a, o_next = toy_batch()
    z, z_next = model.encode(o), model.encode(o_next)
    z = z.detach() if detached == "the first frame" else z
    z_next = z_next.detach() if detached == "the second frame" else z_next
    Objective(inverse=1)(model, z, a, z_next)[term].backward()
    for parameter in model.encoder.parameters():
        assert parameter.grad.abs().max() > 0


@pytest.mark.parametrize(("loss", "name"), [(forward_loss, "forward"), (inverse_loss, "inverse")])
def test_shapes_that_would_broadcast_are_refused(loss, name):
    with pytest.raises(SMWMError, match=rf"The {name} loss compares .* not \(5, 1\) with \(5, 3\)"):
        loss(torch.zeros(5, 1), torch.zeros(5, 3))


@pytest.mark.parametrize(
    "weights",
    [
        {"inverse": 10.0},
        {"inverse": 0.0},
        {"inverse": 0.0, "sigreg": 0.09},
        {"inverse": 2.5, "sigreg": 0.5},
        {"inverse": 0.0, "vicreg": 3.0},
        {"inverse": 0.0, "reconstruction": 2.0},
        {"inverse": 0.0, "ema_decay": 0.99},
        {"inverse": 0.1, "sigreg": 0.2, "vicreg": 0.3, "reconstruction": 0.4},
    ],
)
def test_the_objective_is_the_weighted_sum_of_its_terms(weights):
    model, o, a, o_next = toy_batch()
    decoder = PixelDecoder()
    z, z_next = model.encode(o), model.encode(o_next)
    objective = Objective(**weights)
    losses = objective(model, z, a, z_next, seeded(3), frames=o, decoder=decoder)
    expected_terms = [name for name, weight in weights.items() if weight and name != "ema_decay"]
    assert objective.terms == tuple(losses) == ("loss", "forward", *expected_terms)
    directions = seeded(3)
    expected = {
        "forward": (model.predict(z, a) - z_next).square().mean(),
        "inverse": (model.inverse_model(z, z_next) - a).square().mean(),
        "sigreg": (sigreg_loss(z, generator=directions) + sigreg_loss(z_next, generator=directions)) / 2,
        "vicreg": (vicreg_loss(z) + vicreg_loss(z_next)) / 2,
        "reconstruction": foreground_loss(decoder(z), o),
    }
    total = expected["forward"]
    for name in expected_terms:
        torch.testing.assert_close(losses[name], expected[name])
        total = total + weights[name] * expected[name]
    torch.testing.assert_close(losses["loss"], total)
    assert all(loss.requires_grad and loss.ndim == 0 for loss in losses.values())


def test_the_default_objective_is_the_papers():
    assert Objective() == Objective(inverse=10.0, sigreg=0.0, vicreg=0.0, reconstruction=0.0, ema_decay=0.0)
    assert Objective().bounded


def test_a_term_of_weight_zero_is_not_computed(monkeypatch):
    def unwanted(*_, **__):
        raise AssertionError("computed although its weight is 0")

    model, o, a, o_next = toy_batch()
    model.inverse_model.forward = unwanted
    for loss in ("sigreg_loss", "vicreg_loss", "foreground_loss"):
        monkeypatch.setattr(f"smwm_core.losses.objective.{loss}", unwanted)
    assert tuple(Objective(inverse=0, sigreg=0)(model, model.encode(o), a, model.encode(o_next))) == ("loss", "forward")


@pytest.mark.parametrize("weight", [-1e-9, -1, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("name", ["inverse", "sigreg", "vicreg", "reconstruction", "ema_decay"])
def test_a_weight_that_is_no_finite_number_from_zero_up_is_refused(name, weight):
    with pytest.raises(SMWMError, match=f"finite number ≥ 0; {name} is"):
        Objective(**{name: weight})


def test_a_moving_average_that_never_moves_is_refused():
    with pytest.raises(SMWMError, match="decay below 1, or it never moves; not 1"):
        Objective(ema_decay=1.0)


@pytest.mark.parametrize("term", ["sigreg", "vicreg"])
def test_latents_that_shall_have_unit_variance_are_not_bounded(term):
    assert not Objective(**{term: 0.1}).bounded


def vicreg_by_loops(z: np.ndarray) -> float:
    """The variance and covariance terms of VICReg in float64, as its paper writes them."""
    n, dim = z.shape
    mean = [sum(z[:, i]) / n for i in range(dim)]
    hinge = together = 0.0
    for i in range(dim):
        for j in range(dim):
            covariance = sum((z[k, i] - mean[i]) * (z[k, j] - mean[j]) for k in range(n)) / (n - 1)
            if i == j:
                hinge += max(0.0, 1 - math.sqrt(covariance + 1e-4)) / dim
            else:
                together += covariance**2 / dim
    return hinge + together / 25


@pytest.mark.parametrize(("spread", "shift"), [(1.0, 0.0), (0.2, 0.0), (3.0, 1.5)])
def test_vicreg_is_its_definition(spread, shift):
    z = torch.randn(12, 5, generator=seeded(), dtype=torch.float64) * spread + shift
    assert vicreg_loss(z).item() == pytest.approx(vicreg_by_loops(z.numpy()), rel=1e-12)


def test_vicreg_is_zero_on_whitened_latents_and_not_on_others():
    z = torch.linalg.qr(normal(64, 9) - normal(64, 9).mean(0)).Q * math.sqrt(63)
    assert vicreg_loss(z).item() == pytest.approx(0, abs=1e-5)
    assert vicreg_loss(2 * z).item() == pytest.approx(0, abs=1e-5)
    assert vicreg_loss(0.5 * z).item() == pytest.approx(0.5, abs=1e-3)
    assert vicreg_loss(z[:, :1].expand(-1, 9)).item() == pytest.approx(8 / 25, rel=1e-3)


def test_vicreg_pushes_a_collapsed_latent_apart_with_a_finite_gradient():
    z = (1e-3 * normal(16, 8)).requires_grad_()
    (gradient,) = torch.autograd.grad(vicreg_loss(z), z)
    assert torch.isfinite(gradient).all()
    assert (z - 0.1 * gradient).var() > z.var()
    still = torch.zeros(16, 8, requires_grad=True)
    vicreg_loss(still).backward()
    assert torch.isfinite(still.grad).all()


@pytest.mark.parametrize("shape", [(8,), (1, 8), (0, 8), (2, 4, 8)])
def test_vicreg_refuses_what_is_no_batch_of_latents(shape):
    with pytest.raises(SMWMError, match=r"at least two latents of shape \(N, Z\)"):
        vicreg_loss(torch.zeros(shape))


def test_the_foreground_loss_counts_ink_eleven_times():
    white, ink = torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    assert foreground_loss(white - 0.5, white).item() == pytest.approx(0.25)
    assert foreground_loss(ink + 0.5, ink).item() == pytest.approx(11 * 0.25)
    assert foreground_loss(ink + 1, ink + 0.5).item() == pytest.approx(6 * 0.25)
    with pytest.raises(SMWMError, match="The foreground loss compares tensors of one shape"):
        foreground_loss(white, white[:, :1])


@pytest.mark.parametrize(("spread", "shift"), [(1.0, 0.0), (0.2, 0.0), (1.0, 1.5)])
def test_sigreg_is_the_epps_pulley_statistic_of_its_directions(spread, shift):
    z = torch.randn(12, 5, generator=seeded(), dtype=torch.float64) * spread + shift
    directions = torch.randn(5, 7, generator=seeded(4), dtype=torch.float64).numpy()
    expected = np.mean([epps_pulley(z.numpy(), direction) for direction in directions.T])
    assert sigreg_loss(z, directions=7, generator=seeded(4)).item() == pytest.approx(expected, rel=1e-12)
    single = sigreg_loss(z.float(), directions=2048, generator=seeded(5)).item()
    double = sigreg_loss(z, directions=2048, generator=seeded(6)).item()
    assert single == pytest.approx(double, rel=0.1)


def test_seventeen_knots_are_close_to_the_integral_itself():
    z = torch.randn(20, 1, generator=seeded(1), dtype=torch.float64)
    points = z.numpy().ravel()

    def integrand(t: float) -> float:
        gaussian = math.exp(-t * t / 2)
        return abs(np.exp(1j * t * points).mean() - gaussian) ** 2 * gaussian

    integral = len(points) * integrate.quad(integrand, -3, 3)[0]
    assert sigreg_loss(z, directions=3, generator=seeded()).item() == pytest.approx(integral, rel=0.01)
    assert sigreg_loss(z, directions=3, knots=500, generator=seeded()).item() == pytest.approx(integral, rel=1e-4)


def test_sigreg_of_a_collapsed_latent_has_a_closed_form():
    n = 32
    expected = n * (gaussian_integral(1) - 2 * gaussian_integral(2) + gaussian_integral(3))
    assert sigreg_loss(torch.zeros(n, 16), generator=seeded()).item() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("samples", [64, 256, 1024])
def test_the_expectation_on_a_standard_normal_is_the_same_for_every_number_of_samples(samples):
    expected = gaussian_integral(1) - gaussian_integral(3)
    repeats = [
        sigreg_loss(normal(samples, 64, seed=seed), directions=256, generator=seeded(seed)).item() for seed in range(8)
    ]
    assert np.mean(repeats) == pytest.approx(expected, rel=0.15)


def test_sigreg_is_low_on_a_standard_normal_and_high_on_anything_else():
    z = normal(512, 16)
    low = sigreg_loss(z, generator=seeded()).item()
    assert low < 1.5
    others = {
        "shifted": z + 0.5,
        "too wide": 3 * z,
        "too narrow": 0.3 * z,
        "collapsed": torch.zeros_like(z),
        "on a line": z[:, :1].expand(-1, 16),
        "two points": torch.sign(z[:, :1]).expand(-1, 16),
    }
    for name, other in others.items():
        assert sigreg_loss(other, generator=seeded()).item() > 10 * low, name


def test_a_step_along_the_gradient_moves_narrow_latents_towards_the_normal():
    z = (0.1 * normal(64, 8)).requires_grad_()
    loss = sigreg_loss(z, generator=seeded())
    (gradient,) = torch.autograd.grad(loss, z)
    assert torch.isfinite(gradient).all()
    stepped = z.detach() - 0.1 * gradient
    assert stepped.var() > z.var()
    assert sigreg_loss(stepped, generator=seeded()) < loss


def test_the_gradient_of_a_fully_collapsed_batch_is_finite():
    z = torch.zeros(16, 8, requires_grad=True)
    sigreg_loss(z, generator=seeded()).backward()
    assert torch.isfinite(z.grad).all()


def test_the_generator_alone_chooses_the_directions():
    z, untouched = 2 * normal(32, 8), torch.get_rng_state()
    first, again, other = (sigreg_loss(z, generator=seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), untouched)


@pytest.mark.parametrize("shape", [(8,), (1, 8), (0, 8), (2, 4, 8)])
def test_sigreg_refuses_what_is_no_batch_of_latents(shape):
    with pytest.raises(SMWMError, match=r"at least two latents of shape \(N, Z\)"):
        sigreg_loss(torch.zeros(shape))
