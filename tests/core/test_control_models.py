"""Claims about the models of the control tasks.

1. Every part has the number of parameters that the paper's layers give it; together they are 18.2 million.
2. The encoder is an independently built vision transformer on frames normalised as ImageNet's are, then a projector.
3. The forward model is what an independent description in softmax and einsum computes from the same weights.
4. It is causal; as it is initialised no action has any influence, with its gates open every action has.
5. Both compute in bfloat16 and return float32; attention is torch's fused kernel, and both compile as one graph that
   has the same outputs and gradients.
6. A rollout is predict, fed its own output, with as much of it as the forward model looks back on.
7. Frames, latents and actions of another shape, and sizes that do not fit together, are refused.
"""

import contextlib
import copy
import math
import sys

import pytest
import torch
from torch import Tensor, nn

from smwm_core.errors import SMWMError
from smwm_core.models import TransformerForwardModel, ViTEncoder, VitWorldModel, WorldModel
from smwm_core.models.vit import Projector


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


NORM = 2 * 192
VIT_LAYER = 4 * linear(192, 192) + linear(192, 768) + linear(768, 192) + 2 * NORM
# Patches of 14 · 14 · 3 numbers, the class token, a position for it and each of the 16 · 16 patches.
VIT = linear(14 * 14 * 3, 192) + 192 + (1 + 16 * 16) * 192 + 12 * VIT_LAYER + NORM
PROJECTOR = linear(192, 2048) + 2 * 2048 + linear(2048, 192)
ACTIONS = linear(10, 10) + linear(10, 4 * 192) + linear(4 * 192, 192)
ATTENTION = NORM + 192 * 3 * 16 * 64 + linear(16 * 64, 192)
BLOCK = ATTENTION + NORM + linear(192, 2048) + linear(2048, 192) + linear(192, 6 * 192)
TRANSFORMER = 192 + 6 * BLOCK + NORM  # with one position
INVERSE = linear(2 * 192, 256) + linear(256, 256) + linear(256, 10)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def frames(n: int = 4) -> Tensor:
    return torch.rand(n, 3, 28, 28, generator=torch.Generator().manual_seed(0))


def settled(module: nn.Module) -> nn.Module:
    """Give what starts at zero or one other values, as if it were trained."""
    with torch.no_grad():
        for number, (name, tensor) in enumerate(module.state_dict().items()):
            if tensor.is_floating_point() and ("modulation" in name or "norm" in name):
                scale = 0.05 if tensor.ndim == 2 else 0.3
                tensor.add_(scale * normal(*tensor.shape, seed=number).clamp(-2, 2))
    return module.eval()


@pytest.fixture(scope="module")
def encoder() -> ViTEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return settled(ViTEncoder(28, 14, depth=2))


@pytest.fixture(scope="module")
def forward_models() -> dict[int, TransformerForwardModel]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {history: settled(TransformerForwardModel(192, 4, history, depth=2)) for history in (1, 3)}


@pytest.fixture
def in_float32(monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())


@pytest.fixture
def seeded():
    """The same dropout for who asks twice, and torch's own generator is left as it was."""
    with torch.random.fork_rng():
        yield lambda: torch.manual_seed(0)


# Parameters


def test_the_parameter_counts_are_those_of_the_papers_layers():
    model = VitWorldModel(10)
    assert count(model.encoder.vit) == VIT == 5_501_376
    assert count(model.encoder.projector) == count(model.forward_model.projector) == PROJECTOR == 792_768
    assert count(model.encoder) == VIT + PROJECTOR
    assert count(model.forward_model.action_encoder) == ACTIONS
    assert count(model.forward_model) == ACTIONS + TRANSFORMER + PROJECTOR
    assert 10e6 < TRANSFORMER < 11e6
    assert count(model.inverse_model) == INVERSE
    assert count(model) == VIT + 2 * PROJECTOR + ACTIONS + TRANSFORMER + INVERSE
    assert count(model) == pytest.approx(18.2e6, rel=0.001)


def test_constants_are_not_among_the_weights(encoder):
    assert not {"mean", "std"} & encoder.state_dict().keys()
    assert {name for name, _ in encoder.named_buffers()} >= {"mean", "std"}


# The encoder


def projected(w: dict[str, Tensor], h: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    """The projector written out, with the mean and variance that its BatchNorm takes."""
    h = h @ w["projector.expand.weight"].T + w["projector.expand.bias"]
    h = (h - mean) / (var + 1e-5).sqrt() * w["projector.norm.weight"] + w["projector.norm.bias"]
    h = h / 2 * (1 + torch.erf(h / math.sqrt(2)))
    return h @ w["projector.out.weight"].T + w["projector.out.bias"]


@torch.no_grad()
def test_the_encoder_is_a_vision_transformer_on_normalised_frames(encoder, in_float32):
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(
        hidden_size=192,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=768,
        hidden_act="gelu",
        image_size=28,
        patch_size=14,
        attn_implementation="eager",
    )
    vit, w, o = ViTModel(config, add_pooling_layer=False).eval(), encoder.state_dict(), frames()
    vit.load_state_dict({name.removeprefix("vit."): t for name, t in w.items() if name.startswith("vit.")})
    colours = ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))
    normalised = torch.stack([(o[:, i] - mean) / std for i, (mean, std) in enumerate(colours)], 1)
    token = vit(normalised).last_hidden_state[:, 0]
    expected = projected(w, token, w["projector.norm.running_mean"], w["projector.norm.running_var"])
    torch.testing.assert_close(encoder(o), expected, atol=2e-5, rtol=1e-4)
    unnormalised = projected(
        w, vit(o).last_hidden_state[:, 0], w["projector.norm.running_mean"], w["projector.norm.running_var"]
    )
    assert (unnormalised - expected).abs().max() > 0.01


def test_in_training_the_projector_normalises_by_its_batch():
    projector, h = Projector(192), normal(8, 192)
    w = {f"projector.{name}": t for name, t in projector.state_dict().items()}
    expanded = h @ w["projector.expand.weight"].T + w["projector.expand.bias"]
    expected = projected(w, h, expanded.mean(0), expanded.var(0, unbiased=False))
    torch.testing.assert_close(projector(h), expected, atol=1e-5, rtol=1e-4)


def test_attention_is_the_fused_kernel(encoder, monkeypatch):
    assert encoder.vit.config._attn_implementation == "sdpa"
    calls, attend = [], nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        nn.functional, "scaled_dot_product_attention", lambda *a, **k: calls.append(a[0].shape) or attend(*a, **k)
    )
    encoder(frames())
    assert calls == [(4, 3, 5, 64)] * 2  # frames, heads, the class token and four patches, width of a head


@pytest.mark.parametrize(("training", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_both_train_in_bfloat16_are_used_in_float32_and_return_float32(encoder, forward_models, training, dtype):
    encoder, g = (copy.deepcopy(part).train(training) for part in (encoder, forward_models[3]))
    inside = []
    layers = [next(part for part in encoder.vit.modules() if isinstance(part, nn.Linear))]
    layers += [g.blocks[0].attention.qkv, g.blocks[1].mlp[1], g.projector.expand]
    hooks = [layer.register_forward_hook(lambda _, __, out: inside.append(out.dtype)) for layer in layers]
    read, ends = [], [encoder.projector.norm, encoder.projector.out, g.projector.norm, g.projector.out]
    hooks += [end.register_forward_pre_hook(lambda _, given: read.append(given[0].dtype)) for end in ends]
    outs = encoder(frames()), g(normal(2, 3, 192), normal(2, 3, 4)), g(normal(2, 192), normal(2, 4))
    for hook in hooks:
        hook.remove()
    assert inside == [dtype] * 7
    assert read == [torch.float32] * 6  # the projectors, but for their first layer
    assert {out.dtype for out in outs} == {torch.float32}
    assert all(out.bfloat16().float().ne(out).any() for out in outs)  # and not rounded to it at the end


# The forward model


def described(w: dict[str, Tensor], z: Tensor, a: Tensor, depth: int) -> Tensor:
    """The forward model in evaluation, from its weights alone; latents ``(N, T, 192)``, actions ``(N, T, A)``."""

    def affine(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", torch.zeros(()))

    def normed(x: Tensor, eps: float = 1e-5) -> Tensor:
        x = x - x.mean(-1, keepdim=True)
        return x / (x.square().mean(-1, keepdim=True) + eps).sqrt()

    def layer_norm(x: Tensor, name: str) -> Tensor:
        return normed(x) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def silu(x: Tensor) -> Tensor:
        return x / (1 + torch.exp(-x))

    steps = z.shape[1]
    actions = affine(affine(a, "action_encoder.net.0"), "action_encoder.net.1")
    c = silu(affine(silu(actions), "action_encoder.net.3"))
    later = torch.ones(steps, steps).triu(1).bool()
    x = z + w["position"][:steps]
    for block in (f"blocks.{number}" for number in range(depth)):
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = affine(c, f"{block}.modulation.1").split(192, -1)
        h = layer_norm(normed(x, 1e-6) * (1 + scale) + shift, f"{block}.attention.norm")
        q, k, v = affine(h, f"{block}.attention.qkv").reshape(*z.shape[:2], 3, 16, 64).unbind(2)
        scores = torch.einsum("nihd,njhd->nhij", q, k) / 8
        attended = torch.einsum("nhij,njhd->nihd", scores.masked_fill(later, -torch.inf).softmax(-1), v)
        x = x + gate * affine(attended.flatten(2), f"{block}.attention.out.0")
        h = affine(layer_norm(normed(x, 1e-6) * (1 + mlp_scale) + mlp_shift, f"{block}.mlp.0"), f"{block}.mlp.1")
        x = x + mlp_gate * affine(h / 2 * (1 + torch.erf(h / math.sqrt(2))), f"{block}.mlp.4")
    mean, var = w["projector.norm.running_mean"], w["projector.norm.running_var"]
    return projected(w, layer_norm(x, "norm"), mean, var)


@torch.no_grad()
@pytest.mark.parametrize(("history", "steps"), [(1, 1), (3, 1), (3, 2), (3, 3)])
def test_the_forward_model_equals_its_description(forward_models, history, steps, in_float32):
    g, z, a = forward_models[history], normal(3, steps, 192, seed=1), normal(3, steps, 4, seed=2)
    expected = described(g.state_dict(), z, a, depth=2)
    torch.testing.assert_close(g(z, a), expected, atol=2e-5, rtol=1e-4)
    assert not torch.allclose(expected, described(g.state_dict(), z, 0 * a, depth=2), atol=0.01)
    if steps == 1:
        torch.testing.assert_close(g(z[:, 0], a[:, 0]), expected[:, 0], atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_later_latents_and_actions_do_not_change_earlier_predictions(forward_models):
    g, z, a = forward_models[3], normal(4, 3, 192, seed=1), normal(4, 3, 4, seed=2)
    before = g(z, a)
    for t in range(3):
        other_z, other_a = z.clone(), a.clone()
        other_z[:, t], other_a[:, t] = normal(4, 192, seed=3), normal(4, 4, seed=4)
        for after in (g(other_z, a), g(z, other_a)):
            assert torch.equal(after[:, :t], before[:, :t])
            assert (after[:, t:] - before[:, t:]).abs().amax((0, 2)).min() > 1e-3


@torch.no_grad()
def test_as_initialised_every_block_passes_on_its_input_and_no_action_has_influence():
    g, z = TransformerForwardModel(192, 4, history=3, depth=2), normal(4, 3, 192)
    x, c = normal(4, 3, 192, seed=1), normal(4, 3, 192, seed=2)
    assert all(torch.equal(block(x, c), x) for block in g.blocks)
    g.eval()
    one, other = normal(4, 3, 4, seed=3), normal(4, 3, 4, seed=4)
    assert torch.equal(g(z, one), g(z, other))
    for block in g.blocks:
        nn.init.normal_(block.modulation[1].weight, std=0.1)
    assert not torch.allclose(g(z, one), g(z, other), atol=1e-3)


def test_the_first_gradients_open_the_gates():
    g = TransformerForwardModel(192, 4, depth=2)
    g(normal(8, 192), normal(8, 4, seed=1)).square().mean().backward()
    for block in g.blocks:
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = block.modulation[1].weight.grad.chunk(6)
        assert gate.abs().max() > 0 < mlp_gate.abs().max()
        assert not any(part.any() for part in (shift, scale, mlp_shift, mlp_scale))


# One graph


@pytest.mark.parametrize("part", ["encoder", "forward_model"])
def test_compiled_it_is_one_graph_with_the_same_outputs_and_gradients(encoder, forward_models, part, seeded):
    module = {"encoder": encoder, "forward_model": forward_models[3]}[part].train()
    arguments = (frames(),) if part == "encoder" else (normal(4, 3, 192, seed=1), normal(4, 3, 4, seed=2))
    stored = {name: tensor.clone() for name, tensor in module.state_dict().items()}

    def outcome(function) -> tuple[Tensor, list[Tensor]]:
        seeded()
        module.load_state_dict(stored)
        out = function(*arguments)
        return out.detach(), torch.autograd.grad(out.square().mean(), list(module.parameters()))

    expected, gradients = outcome(module)
    found, compiled = outcome(torch.compile(module, fullgraph=True, backend="aot_eager"))
    module.load_state_dict(stored)
    module.eval()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    for gradient, other in zip(gradients, compiled, strict=True):
        torch.testing.assert_close(other, gradient, atol=1e-5, rtol=1e-3)
    assert max(gradient.abs().max() for gradient in gradients) > 1e-3


# Rollouts


@pytest.fixture(scope="module")
def models(encoder, forward_models) -> dict[int, VitWorldModel]:
    found = {}
    for history, g in forward_models.items():
        found[history] = VitWorldModel(4, image_size=28, encoder_depth=2, depth=2, history=history).eval()
        found[history].forward_model.load_state_dict(g.state_dict())
    return found


@torch.no_grad()
def test_with_a_history_of_one_a_rollout_is_that_of_every_world_model(models):
    z, actions = normal(3, 192), normal(3, 4, 4, seed=1)
    found = models[1].rollout(z, actions)
    assert found.shape == (3, 4, 192)
    assert torch.equal(found, WorldModel.rollout(models[1], z, actions))


@torch.no_grad()
def test_with_a_history_of_three_a_rollout_feeds_windows(models):
    model, z0, a = models[3], normal(3, 192), normal(3, 4, 4, seed=1)
    z1 = model.predict(z0, a[:, 0])
    z2 = model.predict(torch.stack([z0, z1], 1), a[:, :2])[:, 1]
    z3 = model.predict(torch.stack([z0, z1, z2], 1), a[:, :3])[:, 2]
    z4 = model.predict(torch.stack([z1, z2, z3], 1), a[:, 1:])[:, 2]
    found = model.rollout(z0, a)
    torch.testing.assert_close(found, torch.stack([z1, z2, z3, z4], 1))
    alone = model.predict(z3, a[:, 3])
    assert not torch.allclose(found[:, 3], alone, atol=1e-2)


# Refusals


@pytest.mark.parametrize("shape", [(2, 12), (3, 3, 4), (4,)])
def test_a_rollout_of_other_shapes_is_refused(models, shape):
    with pytest.raises(SMWMError, match=r"A rollout of 2 latents takes actions of shape \(2, T, A\), not \("):
        models[3].rollout(normal(2, 192), normal(*shape))


@pytest.mark.parametrize(
    ("z", "a"),
    [
        ((2, 4, 192), (2, 4, 4)),
        ((2, 0, 192), (2, 0, 4)),
        ((2, 3, 192), (2, 2, 4)),
        ((2, 192), (3, 4)),
        ((2, 192), (2, 1, 4)),
        ((2, 3, 192), (2, 3)),
        ((2, 3, 1), (2, 3, 4)),
        ((192,), (4,)),
    ],
)
def test_latents_and_actions_that_do_not_belong_together_are_refused(forward_models, z, a):
    with pytest.raises(SMWMError, match=r"reads up to 3 latents with an action each, not latents of shape \("):
        forward_models[3](normal(*z), normal(*a))


@pytest.mark.parametrize("shape", [(2, 3, 56, 56), (2, 1, 28, 28), (3, 28, 28), (2, 28, 28, 3)])
def test_frames_of_another_size_are_refused(encoder, shape):
    with pytest.raises(SMWMError, match=r"reads frames of shape \(N, 3, 28, 28\), not \("):
        encoder(torch.zeros(shape))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: ViTEncoder(30, 14), r"A frame of 30 px cannot be cut into patches of 14 px\."),
        (lambda: ViTEncoder(7, 14), r"A frame of 7 px cannot be cut into patches of 14 px\."),
        (lambda: ViTEncoder(28, 14, latent_dim=64), r"A latent of 64 cannot be shared among 3 heads of attention\."),
        (lambda: TransformerForwardModel(192, 4, history=0), r"looks at one latent at least, not at 0\."),
    ],
)
def test_sizes_that_do_not_fit_together_are_refused(build, words):
    with pytest.raises(SMWMError, match=words):
        build()


def test_without_the_package_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(SMWMError, match=r"needs the package transformers; run `pip install transformers`\."):
        ViTEncoder(28, 14, depth=1)
