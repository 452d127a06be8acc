"""What the action moves: a two-sample test on transitions, a causal statement if their actions were randomised.

Source: after Interventional Boundary Discovery (Liu, Cheng, Bogdan, arXiv 2603.18257), which tests each dimension of an
observation under randomised actions; here the two samples are the steps with a high and with a low action.
"""

import numpy as np
from scipy.stats import false_discovery_control, ttest_ind

from smwm_core.errors import SMWMError
from smwm_core.worlds import Transitions


def moved_by_action(transitions: Transitions, rate: float = 0.01) -> np.ndarray:
    """Which coordinates of the state change otherwise under a high action than under a low one.

    For every dimension of the action the transitions are split at 0, and Welch's test compares the mean changes of each
    coordinate. All tests together keep the false discovery rate (Benjamini and Hochberg).

    Arguments:
        transitions: N of them; of a recorded policy, the answer is about correlation only.
        rate: of false discoveries, in (0, 1).

    Returns:
        ``(S,)`` bool: whether some dimension of the action tells on that coordinate.

    Raises:
        SMWMError: a dimension of the action with fewer than two values on one side of 0.
    """
    change = (transitions.next_state - transitions.state).double().cpu().numpy()
    high = (transitions.action > 0).cpu().numpy()
    if min(high.sum(0).min(), (~high).sum(0).min()) < 2:
        raise SMWMError("A test needs at least two actions on either side of 0 in every dimension.")
    p = np.stack([ttest_ind(change[side], change[~side], equal_var=False).pvalue for side in high.T])
    p = np.nan_to_num(p, nan=1.0)  # nothing moved at all
    return (false_discovery_control(p.ravel()).reshape(p.shape) <= rate).any(0)
