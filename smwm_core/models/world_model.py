"""The three parts of a sensorimotor world model under one roof.

Paper: Sensorimotor World Models (arXiv 2606.20104), method.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from smwm_core.errors import SMWMError
from smwm_core.models.encoder import IMAGE_SIZE, ConvEncoder
from smwm_core.models.heads import ForwardModel, InverseModel, RememberingForwardModel

if TYPE_CHECKING:
    from smwm_core.worlds.world import World


class WorldModel(nn.Module):
    """Encoder ``f``, forward model ``g`` and inverse model ``h``.

    Arguments:
        encoder: frames ``(N, 3, H, W)`` → latents ``(N, Z)``.
        forward_model: ``(z, a)`` → the next latent.
        inverse_model: ``(z, z_next)`` → the action between them.
    """

    def __init__(self, encoder: nn.Module, forward_model: nn.Module, inverse_model: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.forward_model = forward_model
        self.inverse_model = inverse_model

    @classmethod
    def toy(
        cls,
        action_dim: int,
        latent_dim: int = 64,
        bounded: bool = True,
        *,
        image_size: int = IMAGE_SIZE,
        frames: int = 1,
        past_actions: int = 0,
    ) -> "WorldModel":
        """The paper's toy model: 423,000 parameters for a 2-D action.

        Arguments:
            action_dim: size of the action.
            latent_dim: size of the latent.
            bounded: whether encoder and forward model end in a tanh; SIGReg and VICReg ask for latents that do not.
            image_size: of the frames, a multiple of 16; the paper's have 64 px.
            frames: how many consecutive frames the encoder sees.
            past_actions: how many actions before the present one the forward model is given.
        """
        encoder = ConvEncoder(latent_dim, bounded, image_size, frames=frames)
        if past_actions:
            forward_model = RememberingForwardModel(latent_dim, action_dim, past_actions, bounded=bounded)
        else:
            forward_model = ForwardModel(latent_dim, action_dim, bounded=bounded)
        return cls(encoder, forward_model, InverseModel(latent_dim, action_dim))

    @classmethod
    def control(
        cls,
        action_dim: int,
        latent_dim: int = 64,
        *,
        frames: int = 1,
        image_size: int = IMAGE_SIZE,
        bfloat16: bool = False,
    ) -> "WorldModel":
        """A small model for planning: the toy model without tanh and with a projector; 1.4 million parameters.

        Arguments:
            action_dim: size of the action.
            latent_dim: size of the latent.
            frames: how many consecutive frames the encoder sees; with two, velocities are in the latent.
            image_size: of the frames, a multiple of 16.
            bfloat16: whether the convolutions are trained in bfloat16.
        """
        encoder = ConvEncoder(latent_dim, False, image_size, frames=frames, projector=True, bfloat16=bfloat16)
        forward_model = ForwardModel(latent_dim, action_dim, bounded=False)
        return cls(encoder, forward_model, InverseModel(latent_dim, action_dim))

    @property
    def frames(self) -> int:
        """How many consecutive frames the encoder sees at once."""
        return getattr(self.encoder, "frames", 1)

    def encode(self, o: Tensor) -> Tensor:
        """Frames ``(N, 3, H, W)`` in [0, 1] → latents ``(N, Z)``; an encoder of F frames reads ``(N, 3 · F, H, W)``."""
        return self.encoder(o)

    @torch.no_grad()
    def encode_states(self, world: "World", state: Tensor) -> Tensor:
        """Draw states and encode them without gradients, 512 frames at a time.

        Arguments:
            world: which draws the frames.
            state: ``(N, state_dim)``, on the model's device; for an encoder of F frames ``(N, F, state_dim)``, the
                newest last.

        Returns:
            latents ``(N, Z)``.
        """
        if self.frames > 1 and (state.ndim != 3 or state.shape[1] != self.frames):
            raise SMWMError(
                f"This model sees {self.frames} states at once, (N, {self.frames}, S), not {tuple(state.shape)}."
            )

        def encoded(part: Tensor) -> Tensor:
            if self.frames == 1:
                return self.encode(world.render(part))
            return self.encode(world.render(part.flatten(0, 1)).unflatten(0, part.shape[:2]).flatten(1, 2))

        return torch.cat([encoded(part) for part in state.split(512)])

    def predict(self, z: Tensor, a: Tensor) -> Tensor:
        """Latents and the actions in them → the latents they lead to: ``(N, …)``, or ``(N, T, …)`` over T steps."""
        return self.forward_model(z, a)

    def rollout(self, z: Tensor, actions: Tensor) -> Tensor:
        """Predict several steps ahead; each prediction looks back on as many latents as the forward model can.

        Arguments:
            z: first latents ``(N, Z)``.
            actions: ``(N, T, A)``; ``actions[:, t]`` takes step ``t`` to step ``t + 1``.

        Returns:
            the predicted latents of steps 1 to T, ``(N, T, Z)``.

        Raises:
            SMWMError: actions of another shape.
        """
        if actions.ndim != 3 or len(actions) != len(z):
            raise SMWMError(
                f"A rollout of {len(z)} latents takes actions of shape ({len(z)}, T, A), not {tuple(actions.shape)}."
            )
        latents, history = [z], getattr(self.forward_model, "history", 1)
        for t in range(actions.shape[1]):
            first = max(0, t + 1 - history)
            seen = torch.stack(latents[first:], 1)
            latents.append(self.predict(seen, actions[:, first : t + 1])[:, -1])
        return torch.stack(latents[1:], 1)
