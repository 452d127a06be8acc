"""Draw the still picture of the page that trains: its own first steps, computed by its own script in a Chromium."""

from playwright.sync_api import sync_playwright

from smwm_book import paths
from smwm_book.figures import style
from smwm_book.production import chromium

FOLDER = paths.REPOSITORY / "book" / "_static" / "watch"
TRAIN = """(lambda) => {
    const learner = makeLearner(1, 3), read = makeReadings(), places = makeLearner(0, 1).draw(400).before, found = [];
    for (let step = 1; step <= 400; step++) {
        const losses = learner.step(lambda);
        if (step % 4 === 0) found.push([step, read.variance(learner.encode(places)), losses.forward, losses.inverse]);
    }
    return found;
}"""
LINES = (
    ("variance", style.BLUE, "-"),
    ("forward loss", style.VERMILION, "--"),
    ("inverse loss", style.ORANGE, ":"),
)

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=next(chromium.candidates()), args=list(chromium.OPTIONS))
    page = browser.new_page()
    for name in ("learner.js", "readings.js"):
        page.add_script_tag(path=FOLDER / name)
    curves = {lam: list(zip(*page.evaluate(TRAIN, lam), strict=True)) for lam in (0, 10)}
    browser.close()

figure, axes = style.new_figure(9, 3.6, 1, 2)
for axis, (lam, (steps, *values)) in zip(axes, curves.items(), strict=True):
    for (label, colour, dashes), value in zip(LINES, values, strict=True):
        axis.semilogy(steps, value, color=colour, linestyle=dashes, label=label)
    axis.set(title=f"λ = {lam}", xlabel="training step", ylim=(3e-6, 2e1))
axes[0].legend()
figure.savefig(FOLDER / "still.png")
