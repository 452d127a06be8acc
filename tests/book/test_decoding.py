"""Claims about the decoder as a probe.

1. It learns: after some steps it draws held-out frames far better than the untrained one.
2. It is trained once and found again, and the encoder is not touched.
3. The blind picture is the minimum of the foreground loss over single pictures.
4. A decoder of another encoder is refused, and so is a damaged file or another architecture.
"""

import pytest
import torch

from smwm_book.experiments import decoders
from smwm_book.experiments.decoders import encoder_digest, load_decoder, trained_decoder
from smwm_book.experiments.runs import Run, train_run
from smwm_core.analysis.reconstruction import decoder_mse
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.models import PixelDecoder
from smwm_core.seeds import generator
from smwm_core.training.config import ToyConfig

CPU = torch.device("cpu")


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    config = ToyConfig("sprite/x", Objective(10), transitions=64, batch_size=16, steps=2, latent_dim=8)
    return train_run(config, 0, CPU)


def test_a_decoder_learns_and_leaves_the_encoder_alone(run):
    before = encoder_digest(run.model)
    state = run.world.sample(32, generator(1, "test")).state
    z, frames = run.model.encode_states(run.world, state), run.world.render(state)
    few, many = trained_decoder(run, 1), trained_decoder(run, 80)
    assert decoder_mse(many, z, frames) < 0.5 * decoder_mse(few, z, frames)
    assert decoder_mse(many, z, frames) == pytest.approx(((many(z) - frames) ** 2).mean().item())
    assert encoder_digest(run.model) == before
    assert not many.training
    assert not any(parameter.requires_grad for parameter in many.parameters())


def test_a_decoder_is_trained_once(run, monkeypatch):
    first = trained_decoder(run, 2)

    def unwanted(*_):
        raise AssertionError("trained a second time")

    monkeypatch.setattr(decoders, "_train", unwanted)
    again = trained_decoder(run, 2)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
    with pytest.raises(AssertionError, match="second time"):
        trained_decoder(run, 3)


def test_a_decoder_of_another_encoder_is_refused(run, tmp_path):
    trained_decoder(run, 1)
    (path,) = (tmp_path / "cache" / "decoders").rglob("weights.safetensors")
    load_decoder(path, run.model)
    with torch.no_grad():
        run.model.encoder.head.bias[0] += 1e-3
    with pytest.raises(SMWMError, match="trained on the latents of another encoder"):
        load_decoder(path, run.model)


def test_what_is_no_decoder_is_refused(run, tmp_path):
    with pytest.raises(SMWMError, match="is not the header of a weights file"):
        load_decoder(run.weights, run.model)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a file of weights")
    with pytest.raises(SMWMError, match="not a complete safetensors file"):
        load_decoder(broken, run.model)
    with pytest.raises(SMWMError, match="There is no checkpoint"):
        load_decoder(tmp_path / "missing.safetensors", run.model)


def test_the_digest_names_the_weights_of_the_encoder_alone(run):
    before = encoder_digest(run.model)
    with torch.no_grad():
        run.model.forward_model.net[0].weight.add_(1)
    assert encoder_digest(run.model) == before
    with torch.no_grad():
        run.model.encoder.head.weight[0, 0] += 1
    assert encoder_digest(run.model) != before


def test_a_decoder_fits_the_latent_of_its_run(run):
    assert trained_decoder(run, 1).latent_dim == run.config.latent_dim == PixelDecoder(8).latent_dim
