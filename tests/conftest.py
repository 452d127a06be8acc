"""One thread for all tests: the tensors are tiny, and threads that wait for each other only slow them down."""

import torch

torch.set_num_threads(1)
