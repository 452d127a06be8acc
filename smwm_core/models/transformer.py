"""The forward model of the control tasks: a causal transformer over latents that actions modulate (AdaLN-zero).

Every layer is scaled, shifted and gated by what a small network makes of the action; all three start at zero, so
at first every layer passes on what it gets.

Paper: Sensorimotor World Models (arXiv 2606.20104), control tasks; the order of layers is that of its code. AdaLN-zero:
Scalable Diffusion Models with Transformers (arXiv 2212.09748).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from smwm_core.errors import SMWMError
from smwm_core.models.vit import Projector, half_precision

HEADS, HEAD_DIM, MLP_WIDTH, DROPOUT = 16, 64, 2048, 0.1
ACTION_WIDTH, ACTION_MLP_RATIO = 10, 4


class ActionEncoder(nn.Module):
    """A linear layer on each step's action, then a network with one hidden layer of four times the width.

    Arguments:
        action_dim: size of the action.
        dim: size of what comes out.
    """

    def __init__(self, action_dim: int, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(action_dim, ACTION_WIDTH),
            nn.Linear(ACTION_WIDTH, ACTION_MLP_RATIO * dim),
            nn.SiLU(),
            nn.Linear(ACTION_MLP_RATIO * dim, dim),
        )

    def forward(self, a: Tensor) -> Tensor:
        """``(…, action_dim)`` → ``(…, dim)``."""
        return self.net(a)


class Attention(nn.Module):
    """Causal attention with 16 heads of 64, after a LayerNorm of its own.

    Arguments:
        dim: size of the tokens.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * HEADS * HEAD_DIM, bias=False)
        self.out = nn.Sequential(nn.Linear(HEADS * HEAD_DIM, dim), nn.Dropout(DROPOUT))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, T, dim)`` → ``(N, T, dim)``."""
        q, k, v = self.qkv(self.norm(x)).unflatten(-1, (3, HEADS, HEAD_DIM)).permute(2, 0, 3, 1, 4)
        dropout = DROPOUT if self.training else 0.0
        attended = scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return self.out(attended.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and a network with one hidden layer, each modulated by the action.

    Arguments:
        dim: size of the tokens and of the encoded action.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.attention = Attention(dim)
        self.mlp_norm = nn.LayerNorm(dim, elementwise_affine=False, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, MLP_WIDTH),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(MLP_WIDTH, dim),
            nn.Dropout(DROPOUT),
        )
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        nn.init.zeros_(self.modulation[1].weight)
        nn.init.zeros_(self.modulation[1].bias)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Tokens and encoded actions, ``(N, T, dim)`` each → ``(N, T, dim)``."""
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.modulation(c).chunk(6, -1)
        x = x + gate * self.attention(self.attention_norm(x) * (1 + scale) + shift)
        return x + mlp_gate * self.mlp(self.mlp_norm(x) * (1 + mlp_scale) + mlp_shift)


class TransformerForwardModel(nn.Module):
    """``g``: predicts the next latent after each of up to ``history`` latents and actions.

    In training it computes in bfloat16, or what ``precision`` is set to, and returns float32.

    Arguments:
        latent_dim: size of the latent.
        action_dim: size of the action.
        history: number of latents that it may look back on, the present one included; the paper's is 1.
        depth: number of layers.

    Raises:
        SMWMError: a history of less than one latent.
    """

    def __init__(self, latent_dim: int, action_dim: int, history: int = 1, depth: int = 6) -> None:
        super().__init__()
        if history < 1:
            raise SMWMError(f"A forward model looks at one latent at least, not at {history}.")
        self.history, self.precision = history, torch.bfloat16
        self.action_encoder = ActionEncoder(action_dim, latent_dim)
        self.position = nn.Parameter(torch.randn(history, latent_dim))
        self.blocks = nn.ModuleList(Block(latent_dim) for _ in range(depth))
        self.norm = nn.LayerNorm(latent_dim)
        self.projector = Projector(latent_dim)

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        """Latents and the actions taken in them → the latents they lead to.

        Arguments:
            z: ``(N, latent_dim)``, or ``(N, T, latent_dim)`` with T at most ``history``, in order of time.
            a: ``(N, action_dim)`` or ``(N, T, action_dim)``.

        Returns:
            float32 in the shape of ``z``; entry t has seen the latents and actions up to t.

        Raises:
            SMWMError: a longer history, or latents and actions that do not belong together.
        """
        if z.ndim == 2 and a.ndim == 2:
            return self(z[:, None], a[:, None])[:, 0]
        fitting = z.ndim == a.ndim == 3 and z.shape[:2] == a.shape[:2] and z.shape[2] == self.position.shape[1]
        if not fitting or not 1 <= z.shape[1] <= self.history:
            raise SMWMError(
                f"This forward model reads up to {self.history} latents with an action each, not latents of shape "
                f"{tuple(z.shape)} with actions of shape {tuple(a.shape)}."
            )
        with half_precision(z, self.precision, self.training):
            x, c = z + self.position[: z.shape[1]], self.action_encoder(a)
            for block in self.blocks:
                x = block(x, c)
            return self.projector(self.norm(x).flatten(0, 1)).unflatten(0, z.shape[:2])
