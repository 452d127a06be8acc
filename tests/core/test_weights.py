"""Claims about weights files: what was saved comes back, and what is foreign is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.storage import weights


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file with its bytes, but for the empty locks that keep other processes out."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


def refused(call, *words: str, untouched: Path) -> None:
    """Whether ``call`` refuses in one sentence that says ``words``, and touches no file."""
    before = contents(untouched)
    with pytest.raises(SMWMError) as refusal:
        call()
    sentence = str(refusal.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence
    assert contents(untouched) == before


def toy(action_dim: int = 2, latent_dim: int = 8) -> WorldModel:
    torch.manual_seed(0)
    return WorldModel.toy(action_dim, latent_dim)


def test_saved_weights_come_back_as_their_halves_with_their_description(tmp_path):
    saved, loaded = toy(), toy()
    for parameter in loaded.parameters():
        parameter.data.zero_()
    path = tmp_path / "new folder" / "w.safetensors"
    weights.save_weights(path, saved, {"seed": 3, "config": {"world": "dots/single"}})
    assert weights.load_weights(path, loaded, dict) == {"seed": 3, "config": {"world": "dots/single"}}
    for name, tensor in saved.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float())
        assert loaded.state_dict()[name].dtype == torch.float32
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_save_keeps_the_former_weights(tmp_path):
    path = tmp_path / "w.safetensors"
    weights.save_weights(path, toy(), {"seed": 1})
    before = path.read_bytes()
    with pytest.raises(TypeError, match="not JSON serializable"):
        weights.save_weights(path, toy(), {"seed": object()})
    assert path.read_bytes() == before


def refused_weights(path: Path, *words: str) -> None:
    """Whether loading ``path`` is refused and leaves the model as it was."""
    model = toy()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    refused(lambda: weights.load_weights(path, model, dict), path.name, *words, untouched=path.parent)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_missing_file_is_refused(tmp_path):
    refused_weights(tmp_path / "nowhere.safetensors", "There is no checkpoint")


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"format": "smwm-weights-0", "run": "{}"}])
def test_foreign_weights_are_refused_even_where_every_tensor_fits(tmp_path, metadata):
    path = tmp_path / "foreign.safetensors"
    save_file(toy().state_dict(), path, metadata=metadata)
    refused_weights(path, "not written by this project", "smwm-weights-1")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (toy(action_dim=4), ("forward_model.net.0.weight is (256, 12) in the file", "(256, 10) in the model")),
        (toy(latent_dim=9), ("encoder.head.bias is (9,) in the file", "(8,) in the model")),
        (toy().encoder, ("encoder.features.0.bias is missing in the file", "(32,) in the model")),
        (torch.nn.ModuleDict({"extra": torch.nn.Linear(2, 2)}), ("another architecture", "missing in the file")),
    ],
    ids=["action size", "latent size", "encoder alone", "other model"],
)
def test_weights_of_another_architecture_are_refused(tmp_path, other, words):
    path = tmp_path / "other.safetensors"
    weights.save_weights(path, other, {})
    refused_weights(path, *words)


def test_weights_with_one_tensor_too_many_are_refused(tmp_path):
    model = toy()
    model.extra = torch.nn.Linear(1, 1)
    weights.save_weights(tmp_path / "more.safetensors", model, {})
    refused_weights(tmp_path / "more.safetensors", "extra.bias is (1,) in the file and missing in the model")
