"""The decoder as a probe: what picture a frozen latent still holds.

A decoder belongs to one encoder. Its file names the weights of that encoder by their digest, and it is refused
for any other.
"""

import hashlib
from pathlib import Path

import torch
from tqdm import tqdm

from smwm_book.experiments.runs import Run, run_name
from smwm_core.errors import SMWMError
from smwm_core.losses.smwm import foreground_loss
from smwm_core.models import PixelDecoder, WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.storage import root, weights
from smwm_core.storage.files import locked
from smwm_core.storage.schemas import DecoderHeader
from smwm_core.storage.versions import VERSIONS

LEARNING_RATE = 1e-3
REFRESH_EVERY = 20


def trained_decoder(run: Run, steps: int) -> PixelDecoder:
    """Train a decoder on the latents of a finished run's own training frames, or find it trained before.

    Arguments:
        run: whose encoder is read; it is not changed.
        steps: of training with Adam, in batches of the run's size; the paper takes 30 epochs over 250,000 frames.

    Returns:
        the decoder, read back from its file, frozen, on the device of the run's model.

    Raises:
        SMWMError: another process is training it.
    """
    encoder, batch_size = encoder_digest(run.model), run.config.batch_size
    name = f"{run_name(run.config, run.seed)}_{encoder}_{steps}x{batch_size}_v{VERSIONS['reconstruction']}"
    folder = root.data() / "cache" / "decoders" / name
    path = folder / "weights.safetensors"
    with locked(folder, "training"):
        if not path.exists():
            decoder = _train(run, steps, batch_size)
            weights.save_weights(path, decoder, {"encoder": encoder, "steps": steps, "batch_size": batch_size})
    return load_decoder(path, run.model)


def load_decoder(path: Path, model: WorldModel) -> PixelDecoder:
    """Read a decoder and make sure that it was trained on the latents of this model.

    Raises:
        SMWMError: the file is missing, damaged, no decoder, or belongs to another encoder.
    """
    weight = next(model.encoder.parameters())
    decoder = PixelDecoder(model.encoder.latent_dim)
    found, expected = weights.load_weights(path, decoder, DecoderHeader).encoder, encoder_digest(model)
    if found != expected:
        raise SMWMError(
            f"{root.shown(path)} was trained on the latents of another encoder ({found}, not "
            f"{expected}); its pictures of these latents would mean nothing."
        )
    return decoder.to(weight.device).eval().requires_grad_(False)


def encoder_digest(model: WorldModel) -> str:
    """Twelve hexadecimal digits that name the weights of an encoder."""
    digest = hashlib.sha256()
    for name, weight in model.encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _train(run: Run, steps: int, batch_size: int) -> PixelDecoder:
    device = next(run.model.parameters()).device
    states = run.world.sample(run.config.transitions, generator(run.seed, "training transitions")).state.to(device)
    with initialising(run.seed, "decoder"):
        decoder = PixelDecoder(run.model.encoder.latent_dim).to(device)
    optimizer = torch.optim.Adam(decoder.parameters(), lr=LEARNING_RATE, fused=True)
    order = generator(run.seed, "decoder order")
    bar = tqdm(range(steps), desc=f"decoder of {run.config.world} seed {run.seed}", dynamic_ncols=True)
    for step in bar:
        frames = run.world.render(states[torch.randint(len(states), (batch_size,), generator=order).to(device)])
        with torch.no_grad():
            z = run.model.encode(frames)
        loss = foreground_loss(decoder(z), frames)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if (step + 1) % REFRESH_EVERY == 0:
            bar.set_postfix_str(f"loss={loss.item():.2g}", refresh=False)
    return decoder
