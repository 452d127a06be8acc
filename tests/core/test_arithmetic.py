"""Claims about how a device computes a step.

1. Computing the vision transformer in parts, twice, changes losses and weights by rounding and nothing else, batch
   statistics included, and it is really computed again.
2. Float16 with loss scaling follows float32 within its rounding; gradients that overflow move nothing, halve the scale,
   and the next step goes on; an interrupted run ends with the same bits.
3. The precision is that of the card.
"""

import io
from dataclasses import replace

import pytest
import torch
from saved import every_save

from smwm_core.losses.objective import Objective
from smwm_core.training import vit
from smwm_core.training.arithmetic import Arithmetic, precision_on
from smwm_core.training.config import VitConfig
from smwm_core.training.loop import History

CPU = torch.device("cpu")
CONFIG = VitConfig(
    "tworoom/40", Objective(0.1, 0.09), image_size=28, encoder_depth=2, depth=2, batch_size=8, windows=24, epochs=1
)


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMWM_DATA", str(tmp_path_factory.mktemp("data")))
        yield


def trained(precision: str, parts: int = 1) -> History:
    return vit.train(CONFIG, 0, device=CPU, arithmetic=Arithmetic(precision, parts))


@pytest.fixture(scope="module")
def exact() -> History:
    return trained("float32")


def gradients(arithmetic: Arithmetic) -> torch.Tensor:
    """Of the first step, all in one row."""
    model = vit.build_model(CONFIG).train()
    step, source = vit.make_step(CONFIG, model, 0, 10, arithmetic), torch.Generator().manual_seed(0)
    frames, action = torch.rand(8, 2, 3, 28, 28, generator=source), torch.randn(8, 1, 10, generator=source)
    with torch.random.fork_rng():
        torch.manual_seed(0)  # of dropout
        z, z_next = step.encode(frames)
        step.backward(step.losses(z, action, z_next, frames)["loss"])
    step.scaler.unscale_(step.optimizer)
    return torch.cat([weight.grad.flatten() for weight in model.parameters()])


def losses_differ_by(found: History, expected: History) -> float:
    """The largest difference of any loss, as a share of it."""
    pairs = ((found.losses[term], values) for term, values in expected.losses.items())
    return max(float(abs(one / other - 1).max()) for one, other in pairs)


@pytest.mark.parametrize("parts", [2, 4, 16])
def test_parts_change_nothing_but_rounding(exact, parts):
    whole = gradients(Arithmetic("float32"))
    assert (gradients(Arithmetic("float32", parts)) - whole).norm() < 1e-5 * whole.norm()
    found = trained("float32", parts)
    assert losses_differ_by(found, exact) < 1e-4
    for name, counted in exact.model.named_buffers():  # of batches: their means and spreads
        torch.testing.assert_close(found.model.get_buffer(name), counted, rtol=1e-3, atol=1e-4)


def test_parts_are_computed_again_for_their_gradients():
    model, read = vit.build_model(CONFIG).train(), []
    Arithmetic("float32", 4).set(model)
    model.encoder.vit.register_forward_pre_hook(lambda _, given: read.append(len(given[0])))
    z = model.encode(torch.rand(16, 3, 28, 28, generator=torch.Generator().manual_seed(0)))
    assert read == [4] * 4
    z.sum().backward()
    assert read == [4] * 8
    model.eval().encode(torch.rand(16, 3, 28, 28))
    assert read[8:] == [16]


def test_float16_follows_float32(exact):
    whole = gradients(Arithmetic("float32"))
    assert 1e-5 < (gradients(Arithmetic("float16")) - whole).norm() / whole.norm() < 2e-2
    assert 0 < losses_differ_by(trained("float16"), exact) < 2e-2


def test_both_transformers_compute_in_the_precision_they_are_told():
    model, seen = vit.build_model(CONFIG).train(), set()
    for part in (model.encoder.vit, model.forward_model.blocks):
        for layer in part.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.register_forward_hook(lambda _, __, out: seen.add(out.dtype))
    for name in ("float16", "bfloat16", "float32"):
        seen.clear()
        Arithmetic(name).set(model)
        z = model.encode(torch.rand(4, 3, 28, 28))
        assert model.predict(z, torch.zeros(4, 10)).dtype == z.dtype == torch.float32
        assert seen == {getattr(torch, name)}


def test_an_overflow_moves_nothing_and_the_next_step_goes_on():
    model = vit.build_model(CONFIG).train()
    step = vit.make_step(CONFIG, model, 0, 10, Arithmetic("float16"))
    frames, action = torch.rand(4, 2, 3, 28, 28), torch.zeros(4, 1, 10)

    def one(overflow: bool) -> bool:
        """Whether a step moved any weight."""
        before = {name: weight.clone() for name, weight in model.named_parameters()}
        z, z_next = step.encode(frames)
        step.backward(step.losses(z, action, z_next, frames)["loss"])
        if overflow:
            next(iter(model.parameters())).grad.fill_(torch.inf)
        step.update(1)
        return any(not torch.equal(before[name], weight) for name, weight in model.named_parameters())

    scale = step.scaler.get_scale()
    assert one(overflow=False)
    assert not one(overflow=True)
    assert step.scaler.get_scale() == scale / 2
    assert one(overflow=False)


def test_an_interrupted_run_in_float16_ends_with_the_same_bits(tmp_path):
    half = Arithmetic("float16")
    with every_save() as states:
        whole = vit.train(CONFIG, 0, device=CPU, progress=tmp_path / "whole", save_every_seconds=0, arithmetic=half)
    assert "scaler" in torch.load(io.BytesIO(states[0]), weights_only=True)
    (tmp_path / "progress").write_bytes(states[1])
    found = vit.train(CONFIG, 0, device=CPU, progress=tmp_path / "progress", arithmetic=half)
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, found.model.state_dict()[name]), name


def test_a_run_may_go_on_in_another_precision(tmp_path):
    with every_save() as states:
        vit.train(CONFIG, 0, device=CPU, progress=tmp_path / "whole", save_every_seconds=0)
    (tmp_path / "progress").write_bytes(states[0])
    history = vit.train(CONFIG, 0, device=CPU, progress=tmp_path / "progress", arithmetic=Arithmetic("float16", 2))
    assert len(history.losses["loss"]) == 3


@pytest.mark.parametrize(
    ("capability", "name"), [((6, 1), "float32"), ((7, 0), "float16"), ((7, 5), "float16"), ((8, 0), "bfloat16")]
)
def test_the_precision_is_that_of_the_card(monkeypatch, capability, name):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert precision_on(torch.device("cuda")) == name
    assert precision_on(CPU) == "bfloat16"


def test_it_says_what_it_is():
    assert str(Arithmetic()) == "bfloat16"
    said = str(replace(Arithmetic("float16"), parts=4))
    assert said == "float16 with loss scaling, the vision transformer computed twice, in 4 parts"
