"""Claims about the collapse explorer.

1. Its words are the numbers of the arrays.
2. In Jupyter its sliders redraw the picture and the words.
3. Its HTML holds all data, names no other host, and what it draws is the data to within a pixel.
4. Both losses are in words and page, and a loss that is not computed is called so.
5. Arrays that do not belong together are refused.
6. Who asked for less motion is offered single steps alone.

What else the viewer does in a browser is tested on the built book.
"""

import json
import re

import numpy as np
import pytest
from widget_pages import canvases, whole_page

from smwm_book.widgets.explorer import Exploration, Explorer, viewer
from smwm_core.errors import SMWMError


def exploration(**changes) -> Exploration:
    random = np.random.default_rng(0)
    arrays = {
        "lambdas": np.array([0.0, 0.1, 10.0]),
        "steps": np.array([0, 1, 1600]),
        "clouds": random.normal(size=(3, 3, 5, 2)),
        "spectra": np.sort(random.random((3, 3, 4)))[..., ::-1],
        "variances": np.full((3, 3), 2.5),
        "colours": random.random((5, 3)),
        "losses": np.full((3, 3, 2), [0.031, 0.5]),
    }
    return Exploration(**{**arrays, **changes})


def test_the_words_are_the_numbers():
    shown = exploration()
    share = round(100 * shown.spectra[1, 2, :2].sum() / 2.5)
    assert shown.sentence(1, 2) == (
        f"λ = 0.1, step 1,600: total variance 2.5, {share} % of it in the first two components; forward loss 0.031, "
        "inverse loss 0.5."
    )
    assert "0 % of it" in exploration(variances=np.zeros((3, 3))).sentence(0, 0)


def test_the_sliders_redraw():
    explorer = Explorer(exploration())
    before, words = bytes(explorer.picture.value), explorer.words.value
    assert before.startswith(b"\x89PNG")
    assert words == explorer.exploration.sentence(2, 2)
    explorer.which_lambda.value = 0
    assert bytes(explorer.picture.value) != before
    assert explorer.words.value == explorer.exploration.sentence(0, 2)
    explorer.which_step.value = 1
    assert explorer.words.value == explorer.exploration.sentence(0, 1)


def test_the_html_holds_the_data_and_names_no_host():
    shown = exploration()
    html = viewer(shown)
    assert not re.search(r"https?:|//[a-z]", html)
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])
    own = np.array(data["extents"])[..., None, None]
    drawn = np.array(data["clouds"]).reshape(shown.clouds.shape) * own / 1000
    pixel = 2 * own / 700  # also where a cloud is magnified to fill the frame
    assert (np.abs(drawn - shown.clouds) < pixel).all()
    assert np.abs(shown.clouds).max((2, 3)) == pytest.approx(own[..., 0, 0], rel=1e-3)
    assert 10.0 ** np.array(data["exponents"]) == pytest.approx(shown.spectra, rel=0.02)
    assert data["sentences"][1][2] == shown.sentence(1, 2)
    assert data["extent"] >= np.abs(shown.clouds).max()


def test_a_loss_that_is_not_computed_is_called_so():
    losses = np.full((3, 3, 2), 0.031)
    losses[0, :, 1] = 0  # at λ = 0
    shown = exploration(losses=losses)
    assert shown.sentence(0, 2).endswith("; forward loss 0.031, no inverse loss.")
    drawn = json.loads(re.search(r'<script type="application/json">(.*?)</script>', viewer(shown), re.DOTALL)[1])
    assert drawn["losses"][1][2] == [-1.51, -1.51]
    assert drawn["losses"][0][2] == [-1.51, -12]


def test_the_bundle_has_a_widget_a_page_and_words():
    explorer = Explorer(exploration())
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == viewer(explorer.exploration)
    assert bundle["text/plain"] == explorer.exploration.sentence(2, 2)
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize(
    "changes",
    [
        {"clouds": np.zeros((3, 3, 4, 2))},
        {"variances": np.zeros((3, 2))},
        {"spectra": np.zeros((2, 3, 4))},
        {"lambdas": np.zeros(2)},
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(changes):
    with pytest.raises(SMWMError, match="values of λ, 3 steps and 5 colours need clouds of shape"):
        exploration(**changes)


def test_losses_of_other_moments_are_refused():
    with pytest.raises(SMWMError, match=r"Two losses at these moments have the shape \(3, 3, 2\), not \(3, 2, 2\)"):
        exploration(losses=np.ones((3, 2, 2)))


def test_who_asked_for_less_motion_goes_step_by_step(watched, tmp_path):
    shown = exploration()
    (tmp_path / "explorer.html").write_text(whole_page(viewer(shown)))
    page = watched((tmp_path / "explorer.html").as_uri(), 390, 900, reduced_motion="reduce")
    assert page.get_by_text("Play", exact=True).is_hidden()
    words, following, seen = page.locator("p[aria-live]"), page.get_by_role("button", name="Next step"), []
    for step in (0, 1, 2, 0):
        following.press("Enter")
        assert words.inner_text() == shown.sentence(2, step)
        seen.append(canvases(page))
    assert seen[0] == seen[3]
    assert all(len(set(pictures)) == 3 for pictures in zip(*seen, strict=True))
    page.wait_for_timeout(500)
    assert canvases(page) == seen[3]
