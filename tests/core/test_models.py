"""Claims about the toy models.

1. Every layer has the shape and the number of parameters that the paper's toy architecture gives it.
2. Latents and predictions lie strictly inside the cube (-1, 1)^Z.
3. The encoder is what an independent functional implementation computes from the same weights.
4. A rollout is predict, fed its own output.
5. A frame or an action of another shape is refused.
6. Without its tanh the model is otherwise the same, and its latents may lie anywhere.
7. The decoder has the layers of the paper's, draws frames in (0, 1), and can be taught a picture.
"""

import pytest
import torch
from torch.nn import functional as F

from smwm_core.errors import SMWMError
from smwm_core.losses.smwm import foreground_loss
from smwm_core.models import ConvEncoder, ForwardModel, InverseModel, PixelDecoder, WorldModel
from smwm_core.worlds import make_world

# 3×3 convolutions have inputs·outputs·9 weights and a bias per output; the head reads 128 · 4 · 4.
ENCODER_PARAMETERS = (3 * 32 * 9 + 32) + (32 * 64 * 9 + 64) + (64 * 128 * 9 + 128) + (2048 * 64 + 64)
# Linear layers have inputs·outputs weights and a bias per output; both heads are 256 wide, twice.
FORWARD_PARAMETERS = ((64 + 2) * 256 + 256) + (256 * 256 + 256) + (256 * 64 + 64)
INVERSE_PARAMETERS = ((64 + 64) * 256 + 256) + (256 * 256 + 256) + (256 * 2 + 2)


def uniform(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture
def model() -> WorldModel:
    torch.manual_seed(0)
    return WorldModel.toy(2).requires_grad_(False)


def test_the_parameter_counts_are_those_of_the_papers_layers(model):
    assert count(model.encoder) == ENCODER_PARAMETERS == 224_384
    assert count(model.forward_model) == FORWARD_PARAMETERS == 99_392
    assert count(model.inverse_model) == INVERSE_PARAMETERS == 99_330
    assert count(model) == 423_106
    assert not list(model.buffers())


def test_every_encoder_layer_halves_the_frame(model):
    shapes, h = [], uniform(2, 3, 64, 64)
    for layer in model.encoder.features:
        h = layer(h)
        if not isinstance(layer, torch.nn.ReLU):
            shapes.append(tuple(h.shape[1:]))
    assert shapes == [(32, 32, 32), (64, 16, 16), (128, 8, 8), (128, 4, 4), (2048,)]
    assert model.encode(uniform(2, 3, 64, 64)).shape == (2, 64)


def test_the_encoder_equals_its_functional_description(model):
    o, w = uniform(4, 3, 64, 64), model.encoder.state_dict()
    h = o
    for layer in (0, 2, 4):
        h = F.relu(F.conv2d(h, w[f"features.{layer}.weight"], w[f"features.{layer}.bias"], stride=2, padding=1))
    pooled = F.max_pool2d(h, kernel_size=2).reshape(4, 2048)
    expected = torch.tanh(pooled @ w["head.weight"].T + w["head.bias"])
    assert set(w) == {f"features.{i}.{kind}" for i in (0, 2, 4) for kind in ("weight", "bias")} | {
        "head.weight",
        "head.bias",
    }
    torch.testing.assert_close(model.encode(o), expected)


def test_the_heads_equal_their_functional_description(model):
    z, a, z_next = uniform(5, 64, seed=1), uniform(5, 2, seed=2), uniform(5, 64, seed=3)

    def mlp(h: torch.Tensor, w: dict[str, torch.Tensor]) -> torch.Tensor:
        for layer in (0, 2):
            h = F.relu(h @ w[f"net.{layer}.weight"].T + w[f"net.{layer}.bias"])
        return h @ w["net.4.weight"].T + w["net.4.bias"]

    predicted = torch.tanh(mlp(torch.hstack([z, a]), model.forward_model.state_dict()))
    recovered = mlp(torch.hstack([z, z_next]), model.inverse_model.state_dict())
    torch.testing.assert_close(model.predict(z, a), predicted)
    torch.testing.assert_close(model.inverse_model(z, z_next), recovered)


def test_channels_last_memory_changes_no_output(model):
    o = uniform(4, 3, 64, 64)
    expected = model.encode(o)
    fast = model.to(memory_format=torch.channels_last)
    torch.testing.assert_close(fast.encode(o.contiguous(memory_format=torch.channels_last)), expected)


def test_latents_and_predictions_lie_strictly_inside_the_cube(model):
    z = model.encode(uniform(16, 3, 64, 64))
    predicted = model.predict(z, 2 * uniform(16, 2) - 1)
    assert z.abs().max() < 1
    assert predicted.abs().max() < 1
    assert z.std(0).max() > 0


def test_the_inverse_model_is_not_confined_to_the_unit_interval(model):
    model.inverse_model.net[4].bias.fill_(3)
    assert model.inverse_model(torch.zeros(1, 64), torch.zeros(1, 64)).min() > 2


def test_the_latent_size_is_free():
    model = WorldModel.toy(4, latent_dim=7)
    z = model.encode(uniform(3, 3, 64, 64))
    assert z.shape == (3, 7)
    assert model.predict(z, uniform(3, 4)).shape == (3, 7)
    assert model.inverse_model(z, z).shape == (3, 4)


def test_a_forward_model_works_without_any_action():
    predicted = ForwardModel(latent_dim=6, action_dim=0)(uniform(3, 6), torch.empty(3, 0))
    assert predicted.shape == (3, 6)


def test_an_action_changes_the_prediction_and_the_order_of_latents_the_recovered_action(model):
    z, z_next = uniform(3, 64, seed=1), uniform(3, 64, seed=2)
    assert not torch.allclose(model.predict(z, torch.zeros(3, 2)), model.predict(z, torch.ones(3, 2)))
    assert not torch.allclose(model.inverse_model(z, z_next), model.inverse_model(z_next, z))


def test_a_rollout_is_predict_fed_its_own_output(model):
    z, actions = uniform(5, 64, seed=1), 2 * uniform(5, 3, 2, seed=2) - 1
    predicted = model.rollout(z, actions)
    assert predicted.shape == (5, 3, 64)
    step1 = model.predict(z, actions[:, 0])
    step2 = model.predict(step1, actions[:, 1])
    step3 = model.predict(step2, actions[:, 2])
    assert torch.equal(predicted, torch.stack([step1, step2, step3], 1))


def test_a_rollout_of_one_step_is_a_prediction(model):
    z, a = uniform(5, 64, seed=1), uniform(5, 2, seed=2)
    assert torch.equal(model.rollout(z, a[:, None])[:, 0], model.predict(z, a))


def test_encoding_states_is_encoding_their_frames_across_the_borders_of_its_parts(model):
    world = make_world("dots/single")
    state = world.sample(520, torch.Generator().manual_seed(0)).state
    z = model.requires_grad_(True).encode_states(world, state)
    assert z.shape == (520, 64)
    assert not z.requires_grad
    with torch.no_grad():
        some = torch.tensor([0, 511, 512, 519])
        torch.testing.assert_close(z[some], model.encode(world.render(state[some])))


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 3, 32, 64), (1, 64, 64, 3)])
def test_a_frame_of_another_shape_is_refused(shape):
    with pytest.raises(SMWMError, match=r"frames of shape \(N, 3, 64, 64\), not"):
        ConvEncoder()(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(5, 2), (4, 3, 2), (5, 3, 2, 1)])
def test_a_rollout_refuses_actions_of_another_shape(model, shape):
    with pytest.raises(SMWMError, match=r"actions of shape \(5, T, A\), not"):
        model.rollout(torch.zeros(5, 64), torch.zeros(shape))


def test_a_head_refuses_actions_and_latents_of_another_size(model):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        model.predict(torch.zeros(5, 64), torch.zeros(5, 3))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        InverseModel(64, 2)(torch.zeros(5, 64), torch.zeros(5, 63))


def test_an_unbounded_model_is_the_bounded_one_without_its_tanh(model):
    unbounded = WorldModel.toy(2, bounded=False).requires_grad_(False)
    unbounded.load_state_dict(model.state_dict(), strict=True)
    o, a = uniform(4, 3, 64, 64), uniform(4, 2)
    z = unbounded.encode(o)
    torch.testing.assert_close(z.tanh(), model.encode(o))
    torch.testing.assert_close(unbounded.predict(z, a).tanh(), model.predict(z, a))
    unbounded.encoder.head.bias.fill_(5)
    unbounded.forward_model.net[4].bias.fill_(5)
    assert unbounded.encode(o).min() > 2
    assert unbounded.predict(z, a).min() > 2


# The linear layer, then four 4×4 transposed convolutions: inputs·outputs·16 weights and a bias per output.
DECODER_PARAMETERS = (64 * 2048 + 2048) + sum(i * o * 16 + o for i, o in ((128, 128), (128, 64), (64, 32), (32, 3)))


def test_the_decoder_has_the_papers_layers_and_draws_frames():
    decoder = PixelDecoder().requires_grad_(False)
    assert count(decoder) == DECODER_PARAMETERS == 560_867
    frames = decoder(5 * uniform(3, 64) - 2.5)
    assert frames.shape == (3, 3, 64, 64)
    assert frames.min() > 0
    assert frames.max() < 1


def test_the_decoder_learns_two_pictures():
    torch.manual_seed(0)
    decoder, world = PixelDecoder(8), make_world("sprite/x")
    z, o = torch.eye(2, 8), world.render(torch.tensor([[24.0, 24.0, 0.0], [40.0, 40.0, 0.0]]))
    optimizer = torch.optim.Adam(decoder.parameters(), lr=2e-3)
    for _ in range(100):
        optimizer.zero_grad()
        foreground_loss(decoder(z), o).backward()
        optimizer.step()
    assert foreground_loss(decoder(z), o) < 0.2 * foreground_loss(decoder(z), o.flip(0))


@pytest.mark.parametrize("shape", [(8,), (2, 7), (2, 3, 8)])
def test_the_decoder_refuses_latents_of_another_shape(shape):
    with pytest.raises(SMWMError, match=r"latents of shape \(N, 8\), not"):
        PixelDecoder(8)(torch.zeros(shape))
