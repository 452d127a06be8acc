"""How much of an action an inverse model leaves open, for each distance or lag that it is asked about."""

from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.losses.inverse import Question
from smwm_core.models import InverseModel


def left_open(question: Question, h: InverseModel, z: Tensor, a: Tensor) -> dict[int, float]:
    """Mean squared error of the answers over the variance of the action: 0 is all said, 1 is nothing.

    Arguments:
        question: what the model was trained to answer, about first actions.
        h: the inverse model.
        z: latents ``(N, T + 1, Z)`` of held-out windows.
        a: their actions ``(N, T, A)``, on the same device.

    Returns:
        by distance k between the two frames, or with lags by how many steps before the latest action, from 0 on.

    Raises:
        SMWMError: another target than first actions, or windows that are too short.
    """
    if question.target != "first":
        raise SMWMError(f"What is left open is said of first actions, not of the target {question.target}.")
    steps = a.shape[1]
    if steps < question.window or z.shape[1] != steps + 1:
        raise SMWMError(
            f"This question is about windows of {question.window} steps, with a latent more than actions; these have "
            f"{z.shape[1]} latents and {steps} actions."
        )

    answers = question.answers(h, z[:, :-1], a, z[:, 1:])
    return {
        of: ((said - asked).square().mean() / asked.flatten(0, -2).var(0).mean()).item()
        for of, (said, asked) in answers.items()
    }
