"""Claims about what teachers use.

1. Every notebook has an exercise with a solution and a check; labels are unique, and there are at least twelve.
2. Every check passes on its solution, and fails on what a student starts with and on a plausible mistake.
3. Student versions hold no line of a solution, run to their end with every exercise open, and never replace a file.
4. In the book every exercise is a box, and its solution folds away.
5. Every page says what you have learned and leads to the list of words.
6. The slides are a lecture with notes, votes and committed numbers; their appendix holds every figure of the book
   once, with one message and its alt text; they need nothing from another host.
7. The tables for teachers come from measurements, and the page for teachers has them.
"""

import html
import re

import jupytext
import nbformat
import pytest
from cells import run
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from smwm_book import paths
from smwm_book.cli import main
from smwm_book.experiments.results import load_results
from smwm_book.notebooks import exercises
from smwm_book.notebooks import run as notebooks
from smwm_book.production import slides
from smwm_book.tables import teaching
from smwm_core.errors import SMWMError

NAMES = list(notebooks.sources())
NAMES_IN_ORDER = notebooks.chapters()
SOURCES = {name: jupytext.read(path) for name, path in notebooks.sources().items()}
FOUND = {name: exercises.find(notebook, name) for name, notebook in SOURCES.items()}

# What a student might well answer, and what is wrong with it.
MISTAKES = {
    "ex-fig2_dot_world-1": "best_guess, floor = torch.zeros(2), 0.0  # a guess costs nothing",
    "ex-fig2_dot_world-2": "faded = live / 1_000; faded_rank = effective_rank(spectrum(faded)); faded_variance = 0.0",
    "ex-build_it_yourself-1": (
        "def losses(networks, o, a, o_next):\n"
        "    f, g, h = networks; z, z_next = f(o), f(o_next).detach()  # half of the gradient is lost\n"
        "    forward = (g(torch.cat([z, a], 1)) - z_next).square().mean()\n"
        "    return forward, (h(torch.cat([z, z_next], 1)) - a).square().mean()"
    ),
    "ex-build_it_yourself-2": (
        "def train(networks, objective, steps):\n"
        "    adam = torch.optim.Adam([p for network in networks for p in network.parameters()], lr=0.002)\n"
        "    for _ in range(steps):\n"
        "        objective(networks, *batch(64)).backward()  # gradients add up\n"
        "        adam.step()\n"
        "    return [None] * 3"
    ),
    "ex-build_it_yourself-3": "sigreg = lambda z: sigreg_loss(z) / len(z)  # without N",
    "ex-collapse_explorer-1": "opening = {weight: int(exploration.steps[-1]) for weight in lambdas}",
    "ex-drive_the_dot-1": "lengths = (usual.z_next - usual.z).square().sum(1); correlation = 0.0  # no root",
    "ex-plan_your_way-1": "within = (tasks.goal - tasks.start).norm(dim=1) <= 125  # as the crow flies",
    "ex-fig3_latent_rollout-1": "one_step = error.tolist()  # the rollout's",
    "ex-theory_translations-1": "predict_constant = lambda z, a: z + a[:, :1]; gap = length = 0.0  # not constant",
    "ex-theory_translations-2": (
        "encode_x = lambda state: state[:, :1] / 16; predict_x = lambda z, a: z + a[:, :1]\n"
        "half_blind_loss = pairs.action[:, 1].var().item()  # not averaged over both dimensions"
    ),
    "ex-fig4_controllable_dof-1": "predicted = {name: 2 * len(name.split('+')) for name in questions}  # counts things",
    "ex-fig4_controllable_dof-2": "cost = {'controlled': 90.0, 'distractor': 90.0}  # without the action",
    "ex-fig_sprite_control-1": "drawing = arrows[0]; drawing_mse = bold_mse = (arrows - drawing).square().mean()",
    "ex-fig5_planning-1": (
        "def wilson(successes, n):\n"
        "    p = successes / n; half = 1.96 * (p * (1 - p) / n) ** 0.5\n"
        "    return p - half, p + half  # the textbook's\n"
        "tasks_needed = 380"
    ),
    "ex-night_reacher-1": "surprise = {'smwm': 0.07, 'smwm_two_frames': 0.21}  # what was expected",
    "ex-night_pusht-1": "times_too_large = {'places': 20.0, 'angle': 20.0}  # the tolerances",
    "ex-planner_at_work-1": (
        "def one_round(mean, std, noise):\n"
        "    drawn = (mean[:, None] + std[:, None] * noise).clamp(low, high)\n"
        "    dearest = cost(z_here, z_there, drawn)[0].argsort()[-search.elites :]\n"
        "    return drawn[:, dearest].mean(1), drawn[:, dearest].std(1)"
    ),
    "ex-planner_at_work-2": (
        "shots = torch.randn(1, search.samples, 5, len(low)).clamp(low, high)  # one round only\n"
        "shooting_cost = cost(z_here, z_there, shots).min().item()"
    ),
    "ex-fig7_lambda-1": "apart = {task: [w for w in LAMBDAS if w != PLANNING_LAMBDA] for task in SWEPT}",
    "ex-fig9_horizon-1": "other_room = {offset: offset / 200 for offset in OFFSETS}",
    "ex-table_probes-1": "one_frame_r2 = two_frames_r2 = linear_r2(z_now, velocity).mean()",
    "ex-fig6_fig10_geometry-1": "ring, coil = angle[:, None] + little, 2 * angle[:, None] + little",
    "ex-beyond_actions-1": "classes = {n: n for n in range(4, 9)}  # as if every place were kept",
    "ex-beyond_actions-2": "critical_turn = lambda n: 360 / n  # one turn, not the difference of two",
    "ex-beyond_actions-3": "mean_seen = square_seen = 1.0  # the motion tells the action",
    "ex-beyond_time-1": "share_left = lambda k, late: 1 - 1 / (k - late) if k > late else 1  # only what arrived",
    "ex-beyond_time-2": "action_from = lambda before, now, after: (after - 2 * now + before) / 2  # no friction",
    "ex-beyond_dropped-1": "blind, sighted = 0.0, 91.0  # not averaged over all that it holds",
    "ex-beyond_dropped-2": "ceiling = lambda lost: 1.0  # a perfect light",
    "ex-beyond_planning-1": "say = say_white = lambda v1, v2: v2**0.5 / (v1**0.5 + v2**0.5)  # not squared",
    "ex-beyond_planning-2": "plans_needed = lambda p, chance: int(np.ceil(chance / p))  # as if they never met",
    "ex-beyond_policy-1": "weight_ratio = lambda bias, noise: bias * noise; worst_noise = 1 / 0.9  # no 1 − ρ²",
    "ex-beyond_policy-2": "share_needed = 0.5  # to be on the safe side",
    "ex-beyond_lambda-1": "edge_rise = lambda before, after: math.log10(before / after)  # lengths, not variances",
    "ex-beyond_lambda-2": "steps_up = steps_down = math.ceil(math.log(1000) / 0.02)  # as if both ways were alike",
    "ex-anticollapse_gallery-1": "rival_loss = lambda m, z, a, z_next, rng: forward_loss(m.predict(z, a), z_next)",
    "ex-anticollapse_gallery-2": (
        "blurred = {name: here for name, (here, _) in latents.items()}  # no blur\n"
        "blurred_r2 = {name: linear_r2(here, batch.state[:, :2]).min() for name, here in blurred.items()}"
    ),
    "ex-beyond_series-1": "cooler = (rig.run(hours, done)[0] - rig.run(hours, 0 * done - 1)[0])[:, 31:, 2:]",
    "ex-beyond_series-2": "lazy_share = 1 - 0.65",
}


def test_there_are_exercises_on_every_page_with_labels_of_their_own():
    labels = [exercise.label for found in FOUND.values() for exercise in found]
    assert all(FOUND.values())
    assert len(labels) >= 12
    assert len(set(labels)) == len(labels)
    assert set(labels) == set(MISTAKES)
    titles = [exercise.title for found in FOUND.values() for exercise in found]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_the_task_names_what_is_to_be_defined_and_nothing_has_that_name_before(name):
    for exercise in FOUND[name]:
        earlier = "\n".join(c.source for c in SOURCES[name].cells[: exercise.first] if c.cell_type == "code")
        for wanted in exercise.names:
            assert f"`{wanted}" in exercise.task, f"{exercise.label} does not ask for {wanted}"
            assert not re.search(rf"^\s*(def )?{wanted}\b.*[=(]", earlier, re.MULTILINE), f"{wanted} is there already"


@pytest.mark.parametrize("name", NAMES)
def test_checks_tell_right_from_wrong(name, monkeypatch):
    monkeypatch.chdir(paths.NOTEBOOKS)
    scope = {"display": lambda *_: None}
    cells, found = SOURCES[name].cells, {exercise.first: exercise for exercise in FOUND[name]}
    tagged = set().union(*(range(e.first, e.last + 1) for e in FOUND[name]))
    for position, cell in enumerate(cells):
        if position in found:
            exercise = found[position]
            check = cells[exercise.check].source
            with pytest.raises(NameError, match=rf"'({'|'.join(exercise.names)})'"):
                run(check, scope)
            wrong = dict(scope)
            run(MISTAKES[exercise.label], wrong)
            with pytest.raises(AssertionError) as failed:
                run(check, wrong)
            assert len(str(failed.value)) > 20, "a check says what is wrong"
            run(cells[exercise.solution].source, scope)
            assert re.fullmatch(r"Right[:,] .+\n", run(check, scope))
        elif (
            position not in tagged and cell.cell_type == "code" and not cell.source.startswith(("figures.", "display_"))
        ):
            run(cell.source, scope)


@pytest.mark.parametrize("name", NAMES)
def test_a_student_version_has_no_answers(name):
    version = exercises.student(SOURCES[name], name)
    nbformat.validate(version)
    code = [cell for cell in version.cells if cell.cell_type == "code"]
    there = {line.strip() for cell in code for line in cell.source.splitlines()}
    for exercise in FOUND[name]:
        for line in SOURCES[name].cells[exercise.solution].source.splitlines():
            if line.strip(" )]}"):
                assert line.strip() not in there
    words = "\n".join(cell.source for cell in version.cells)
    for cell in SOURCES[name].cells:
        if "solution" in cell.metadata.get("tags", []):
            assert cell.source not in words
    assert sum(cell.source.startswith("# Your answer. Define: ") for cell in code) == len(FOUND[name])
    assert not any(cell.outputs for cell in code if "check" in cell.metadata.get("tags", []))
    assert not any("solution" in cell.metadata.get("tags", []) for cell in version.cells)


@pytest.mark.parametrize("name", ["fig3_latent_rollout", "build_it_yourself"])
def test_a_student_version_runs_to_its_end_with_every_exercise_open(name, monkeypatch, tmp_path):
    monkeypatch.chdir(paths.NOTEBOOKS)
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    scope, said = {"display": lambda *_: None}, []
    for cell in exercises.student(SOURCES[name], name).cells:
        if cell.cell_type == "code":
            said.append(run(cell.source, scope))
        if "parameters" in cell.metadata.get("tags", []):
            scope |= {"preset": "smoke", "recompute": True}
    assert sum(words.startswith("Open: define ") for words in said) == len(FOUND[name])
    assert not any(words.startswith("Right") for words in said)


def test_an_open_exercise_is_checked_when_it_has_an_answer():
    (answer, check) = (
        cell.source
        for cell in exercises.student(tagged_notebook("exercise", "solution", "check"), "page").cells
        if cell.cell_type == "code"
    )
    assert run(answer, scope := {}) == ""
    assert run(check, scope).startswith("Open: define x above")
    run(check, {"x": 2})
    with pytest.raises(AssertionError):
        run(check, {"x": 3})


def test_a_student_version_of_an_executed_notebook_keeps_its_figures(tmp_path):
    name = "fig3_latent_rollout"
    notebooks.execute(name, {}, tmp_path / "executed.ipynb")
    whole = nbformat.read(tmp_path / "executed.ipynb", as_version=4)
    version = exercises.student(whole, name)

    def pictures(notebook):
        return sum("image/png" in o.get("data", {}) for c in notebook.cells for o in c.get("outputs", []))

    assert pictures(version) == pictures(whole) > 0
    checks = [cell for cell in whole.cells if "check" in cell.metadata.get("tags", [])]
    assert all(cell.outputs[0].text.startswith("Right: ") for cell in checks)
    assert "Right: the five errors add up to" not in "".join(map(str, (c.get("outputs") for c in version.cells)))


def test_student_versions_are_written_once(tmp_path):
    made = {name: SOURCES[name] for name in NAMES[:2]}
    written = exercises.write_students(made, tmp_path / "course", archive=True)
    assert [path.name for path in written] == [f"{name}.ipynb" for name in NAMES[:2]]
    assert (tmp_path / "course" / "student.zip").exists()
    written[0].write_text("somebody's work")
    with pytest.raises(SMWMError, match=r"exists and may hold somebody's work"):
        exercises.write_students(made, tmp_path / "course")
    assert written[0].read_text() == "somebody's work"


@pytest.mark.parametrize("name", NAMES)
def test_in_the_book_exercises_are_boxes_and_solutions_fold_away(name):
    cells = exercises.boxed(SOURCES[name], name).cells
    sources = [cell.source for cell in cells]
    for exercise in FOUND[name]:
        box = next(i for i, source in enumerate(sources) if f":label: {exercise.label}\n" in source)
        assert sources[box].startswith(f"`````{{exercise}} {exercise.title}\n")
        assert ":class: dropdown" in sources[box + 1]
        end = sources.index("```{solution-end}\n```", box)
        inside = [c.metadata.get("tags", ["words"])[0] for c in cells[box + 2 : end]]
        assert inside[:3] == ["solution", "words", "check"]
        assert set(inside[3:]) <= {"solution"}
    rest = [c for c in SOURCES[name].cells if not exercises.TAGS & set(c.metadata.get("tags", []))]
    assert [c.source for c in rest] == [
        c.source
        for c in cells
        if not exercises.TAGS & set(c.metadata.get("tags", []))
        and "{exercise}" not in c.source
        and "{solution-" not in c.source
        and c.source != "The check:"
    ]


def test_the_command_writes_the_committed_notebooks_without_answers(tmp_path, capsys):
    assert main(["student", str(tmp_path / "course")]) == 0
    assert f"{len(NAMES)} notebooks without solutions" in capsys.readouterr().out
    for name in NAMES:
        version = nbformat.read(tmp_path / "course" / f"{name}.ipynb", as_version=4)
        assert sum(cell.source.startswith("# Your answer. Define: ") for cell in version.cells) == len(FOUND[name])
        assert not any("Right:" in out.get("text", "") for cell in version.cells for out in cell.get("outputs", []))
    assert main(["student", str(tmp_path / "course")]) == 2
    assert "choose another folder" in capsys.readouterr().err


def tagged_notebook(*kinds: str):
    made = {
        "exercise": lambda: new_markdown_cell("### Exercise: Add\n\nDefine `x`.", metadata={"tags": ["exercise"]}),
        "untitled": lambda: new_markdown_cell("Define `x`.", metadata={"tags": ["exercise"]}),
        "solution": lambda: new_code_cell("x = 2", metadata={"tags": ["solution"]}),
        "check": lambda: new_code_cell("assert x == 2", metadata={"tags": ["check"]}),
        "blind": lambda: new_code_cell("assert True", metadata={"tags": ["check"]}),
    }
    return new_notebook(cells=[made[kind]() for kind in kinds])


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["exercise", "solution"], "then a check"),
        (["exercise", "check", "solution"], "then a solution"),
        (["untitled", "solution", "check"], "### Exercise: title"),
        (["solution", "check"], "belongs to no exercise"),
        (["exercise", "solution", "blind"], "looks at nothing"),
    ],
)
def test_an_exercise_with_a_part_missing_is_refused(kinds, words):
    assert exercises.find(tagged_notebook("exercise", "solution", "check"), "whole")[0].names == ("x",)
    with pytest.raises(SMWMError, match=words):
        exercises.find(tagged_notebook(*kinds), "broken")


@pytest.mark.parametrize("page", [*(f"notebooks/{name}.py" for name in NAMES), "book/method.md"])
def test_every_page_says_what_was_learned_and_leads_to_the_list_of_words(page):
    text = (paths.REPOSITORY / page).read_text()
    if page.endswith(".py"):
        text = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
    section = re.search(r"^## What you have learned\n\n((?:- .+\n(?:  .+\n)*)+)", text, re.MULTILINE)
    bullets = re.findall(r"^- ", section[1], re.MULTILINE)
    assert 2 <= len(bullets) <= 3
    assert re.search(r"\[list of words and symbols\]\((\.\./book/)?glossary\.md\)", text.replace("\n", " "))


def test_the_exercise_of_the_method_is_checked_too():
    page = (paths.REPOSITORY / "book" / "method.md").read_text()
    assert re.search(r"{exercise} .+\n:label: ex-method-1\n", page)
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1]
    run(code, {})
    with pytest.raises(AssertionError):
        run(code.replace("forward_loss(z_hat / 10, z / 10)", "forward_loss(z_hat, z / 10)"), {})


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    path = tmp_path_factory.mktemp("deck") / "slides.html"
    slides.write(notebooks.committed(), path)
    return path


def test_slides_show_every_figure_with_a_message_and_alt_text(deck):
    figures = [
        cell.metadata.mystnb
        for notebook in SOURCES.values()
        for cell in notebook.cells
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    assert len(figures) > 20
    text = deck.read_text()
    shown = dict(re.findall(r'<section id="([^"]+)">\n(.*?)</section>', text, re.DOTALL))
    lecture = list(shown)[: list(shown).index(NAMES_IN_ORDER[0])]
    assert 18 <= len(lecture) <= 20
    assert len(re.findall('<section id="', text)) == len(shown), "labels differ"
    for settings in figures:
        slide = html.unescape(shown[settings["figure"]["name"]])
        assert slide.count("<img") == 1
        assert f'alt="{settings["image"]["alt"]}"' in slide
        said = re.search(r"<h3>(.+)</h3>", slide)[1]
        assert 20 < len(said) < 260
        assert len(re.findall(r"[.!?] ", said)) == 0, "one message is one sentence"
    assert set(shown) == {
        *lecture,
        *(settings["figure"]["name"] for settings in figures),
        *NAMES,
        *(f"{name}-learned" for name in NAMES),
    }
    for name in lecture:
        assert len(re.search(r"<h[12].*?>(.+)</h[12]>", shown[name])[1]) < 60, "titles are short"
        assert len(re.search(r'<aside class="notes">(.+)</aside>', shown[name], re.DOTALL)[1]) > 60
        assert ('class="fragment answer"' in shown[name]) == name.startswith("vote-")


def test_slides_name_no_other_host_and_every_file_is_there(deck):
    text = deck.read_text()
    assert not re.search(r"{{|{\w+(:\w+)?}`|\]\(|\*\*|https?://", text)
    for address in re.findall(r'(?:src|href)="(?!data:)([^"#]+)"', text):
        if address.startswith("_static"):
            assert (paths.REPOSITORY / "book" / address).is_file(), address
        elif address.startswith("slides/"):
            assert deck.with_name("slides").joinpath(address.removeprefix("slides/")).is_file(), address
        else:
            assert re.fullmatch(rf"notebooks/({'|'.join(NAMES)}).html|book/train_it_yourself.html", address)


def test_numbers_on_slides_are_committed_results(deck):
    results = load_results("fig2_dot_world", "laptop")
    assert f"R² = {results.metric('single.position_r2')['value']:.4f}" in deck.read_text()
    assert slides.number("fig2_dot_world", "lambda0.total_variance", ".0e") == "7 · 10<sup>−7</sup>"
    assert r"+ 0.09 \cdot" in deck.read_text(), "the weight of SIGReg"
    source = slides.SOURCE.read_text()
    words = re.sub(r"{{.*?}}|<style>.*?</style>|<script>.*?</script>", "", source, flags=re.DOTALL)
    assert not re.search(r"\d\.\d", re.sub(r'style=".*?"|arXiv \S+', "", words)), (
        "a result is looked up, not written down"
    )
    with pytest.raises(SMWMError, match=r"no metric 'single.nothing'"):
        slides.number("fig2_dot_world", "single.nothing", ".0f")


def test_a_slide_that_asks_for_no_figure_of_the_book_is_refused(tmp_path, monkeypatch):
    (tmp_path / "source.html").write_text("{{figure fig-nowhere}}")
    monkeypatch.setattr(slides, "SOURCE", tmp_path / "source.html")
    with pytest.raises(SMWMError, match="fig-nowhere"):
        slides.write(notebooks.committed(), tmp_path / "slides.html")


def test_a_message_that_is_in_no_caption_is_refused():
    assert slides.message("fig-unknown", "First. And last.", "Claim.") == ("And last.", "First.")
    with pytest.raises(SMWMError, match="fig-search"):
        slides.message("fig-search", "One search. Its cost.", "Nothing like it.")


def test_the_page_for_teachers_has_its_tables():
    page = (paths.REPOSITORY / "book" / "teaching.md").read_text()
    assert teaching.pages_table() in page
    assert teaching.training_table() in page
    for name in NAMES:
        assert f"../student/{name}.ipynb" in teaching.pages_table()
    for label in re.findall(r"\]\((ex-[^)]+)\)", page):
        assert label == "ex-method-1" or label in MISTAKES
    blobs = load_results("build_it_yourself", "laptop")
    for objective in ("inverse_only", "sigreg"):
        r2 = f"{blobs.metric(f'{objective}.orange_r2')['value']:.3f}".replace("-", "−")
        assert f" {r2} after " in page, "how well the distractor is read"
    source = slides.SOURCE.read_text()
    linked = re.findall(r'slides\.html#([^"]+)"', page)
    assert len(linked) > 12
    for slide in linked:
        assert f'<section id="{slide}">' in source
