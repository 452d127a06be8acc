"""A model that needs no training, for tests of what is planned and measured with one."""

import torch

from smwm_core.worlds import FrameSkip


class Seeing(torch.nn.Module):
    """A perfect world model of a free TwoRoom: its latent is the state, read from the world instead of the frame."""

    frames = 1

    def __init__(self, world: FrameSkip, sign: float = 1.0) -> None:
        super().__init__()
        self.world, self.sign = world, sign
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def encode_states(self, world, state):
        return state

    def rollout(self, z, actions):
        played = self.world.simulator.play(z, self.world.primitive_sequence(actions))
        return self.sign * played[:, self.world.frameskip - 1 :: self.world.frameskip]
