"""Claims about composition and translation.

1. A model whose actions are exact shifts composes without error, and a linear map explains its shifts.
2. A model whose steps fall short does not compose, by an error that can be worked out.
3. Sequences whose sum is no action of the world are not counted.
"""

import pytest
import torch
from torch import nn

from smwm_core.analysis.composition import composition_error, displacements, translation_r2
from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel

SHIFT = torch.tensor([[1.0, 0.0, 2.0], [0.0, 0.5, -1.0]])


class Step(nn.Module):
    """A forward model made of one formula."""

    def __init__(self, formula) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, z, a):
        return self.formula(z, a)


def model_of(formula) -> WorldModel:
    return WorldModel(nn.Identity(), Step(formula), nn.Identity())


def drawn(*shape: int) -> torch.Tensor:
    return 2 * torch.rand(*shape, generator=torch.Generator().manual_seed(3)) - 1


TRANSLATION = model_of(lambda z, a: z + a @ SHIFT)


def test_exact_shifts_compose_and_are_linear_in_the_action():
    z = drawn(200, 3)
    assert composition_error(TRANSLATION, z, drawn(200, 3, 2) / 3) == pytest.approx(0, abs=1e-6)
    assert translation_r2(TRANSLATION, z, drawn(200, 2)) == pytest.approx(1, abs=1e-6)
    assert torch.allclose(displacements(TRANSLATION, z, torch.tensor([1.0, 0.0])), SHIFT[0].expand(200, 3), atol=1e-6)


def test_steps_that_are_squared_fall_short_by_a_known_amount():
    squared = model_of(lambda z, a: z + a.square())
    z = torch.zeros(10, 1)
    halves = torch.full((10, 2, 1), 0.5)
    assert composition_error(squared, z, halves) == pytest.approx(abs(2 * 0.25 - 1) / 1)


def test_shifts_that_depend_on_the_place_are_not_explained_by_the_action():
    swirl = model_of(lambda z, a: z + torch.stack([a[:, 0] * z[:, 0].sign(), a[:, 1] * z[:, 0].sign()], 1))
    assert translation_r2(swirl, drawn(2_000, 2), drawn(2_000, 2) * torch.ones(2_000, 2)) < 0.7
    assert translation_r2(swirl, torch.cat([drawn(1_000, 2), -drawn(1_000, 2)]), drawn(2_000, 2)) < 0.7


def test_a_sum_that_is_no_action_is_not_counted():
    stumbling = model_of(lambda z, a: torch.where(a.abs() > 0.9, z - 100, z + a))
    z, actions = torch.zeros(2, 1), torch.tensor([[[0.2], [0.3]], [[0.8], [0.8]]])
    assert composition_error(stumbling, z, actions) == pytest.approx(0, abs=1e-6)
    with pytest.raises(SMWMError, match="adds up to a single action"):
        composition_error(stumbling, z[1:], actions[1:])
