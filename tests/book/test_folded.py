"""Claims about what folds away.

1. A section that is named folds below its heading, with all that is nested in it, and nothing else does.
2. On the scorecard everything but the first section folds, on one page what is named for it alone.
3. A program of more than thirty lines folds, and one of thirty does not.
4. Sections of the library's page show their names, which lead to what is folded below them.
"""

from bs4 import BeautifulSoup

from smwm_book.production import folded


def section(name: str, inside: str) -> str:
    link = f'<a class="headerlink" href="#{name}">#</a>'
    return f'<section id="{name}">\n<h2>About {name}{link}</h2>\n{inside}\n</section>\n'


NESTED = '<section id="task">\n<p>a task</p>\n</section>\n<p>its end</p>'
PAGE = f"<article>{section('exercises', NESTED)}{section('what-to-notice', '<p>look</p>')}</article>"


def test_a_section_folds_with_all_that_is_nested_in_it():
    page = BeautifulSoup(folded.folded(PAGE, ("exercises", "prior-work")), "html.parser")
    (details,) = page.find_all("details")
    assert details.parent["id"] == "exercises"
    assert details.summary.h2.text == "About exercises"
    assert [p.text for p in details.find_all("p")] == ["a task", "its end"]
    assert not details.summary.find("a")  # a link inside a control could not be reached by keyboard
    assert page.find(id="what-to-notice").h2.a["href"] == "#what-to-notice"


def test_what_is_not_there_changes_nothing():
    assert folded.folded(PAGE, ("provenance",)) == PAGE


def test_pages_fold_what_is_named_for_them(tmp_path):
    pages = {
        "book/scorecard.html": (PAGE, ["what-to-notice"]),
        "book/teaching.html": (PAGE + section("how-long-it-takes", "<p>long</p>"), ["exercises", "how-long-it-takes"]),
        "notebooks/page.html": (PAGE + section("how-long-it-takes", "<p>long</p>"), ["exercises"]),
    }
    for name, (page, _) in pages.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page)
    folded.write(tmp_path)
    for name, (_, wanted) in pages.items():
        page = BeautifulSoup((tmp_path / name).read_text(), "html.parser")
        assert [details.parent["id"] for details in page.find_all("details")] == wanted


def program(lines: int) -> str:
    code = "a = 1\n" * lines
    shown = f'<div class="highlight-python"><div class="highlight"><pre>{code}</pre></div>\n</div>\n</div>\n'
    return f'<div class="cell docutils container">\n<div class="cell_input docutils container">\n{shown}</div>\n'


def test_a_long_program_folds_and_a_short_one_does_not():
    assert folded.shortened(program(30)) == program(30)
    page = BeautifulSoup(folded.shortened(program(30) + program(31)), "html.parser")
    (details,) = page.find_all("details")
    assert "31 lines" in details.summary.text
    assert details.pre.text.count("a = 1") == 31
    assert [len(cell.find_all("pre")) for cell in page.find_all("div", class_="cell")] == [1, 1]


def test_names_of_the_library_stand_above_their_signatures():
    inside = (
        '<dl class="py class">\n<dt class="sig sig-object py" id="smwm_core.models.Model">\n<em>class</em></dt></dl>'
    )
    page = BeautifulSoup(folded.indexed(section("models", inside)), "html.parser")
    (link,) = page.select("p a")
    assert (link.text, link["href"]) == ("Model", "#smwm_core.models.Model")
    assert not link.find_parent("details")
    assert page.details.find(id="smwm_core.models.Model")
