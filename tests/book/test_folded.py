"""Claims about sections that fold away.

1. What is named folds below its heading, with all that is nested in it, and nothing else does.
2. On the scorecard everything but the first section folds.
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


def test_the_scorecard_folds_all_but_its_first_section(tmp_path):
    for name in ("book", "notebooks"):
        (tmp_path / name).mkdir()
    (tmp_path / "book" / "scorecard.html").write_text(PAGE)
    (tmp_path / "notebooks" / "page.html").write_text(PAGE)
    folded.write(tmp_path)
    for path, wanted in (("book/scorecard.html", "what-to-notice"), ("notebooks/page.html", "exercises")):
        page = BeautifulSoup((tmp_path / path).read_text(), "html.parser")
        assert [details.parent["id"] for details in page.find_all("details")] == [wanted]
