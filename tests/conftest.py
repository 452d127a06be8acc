"""One thread for all tests: the tensors are tiny, and threads that wait for each other only slow them down."""

import os

import torch

torch.set_num_threads(1)
os.environ.setdefault("MUJOCO_GL", "egl")  # read when mujoco is imported, which some tests do themselves
