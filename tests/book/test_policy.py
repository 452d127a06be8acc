"""Claims about the policy of the book's pages, tried in a real browser.

1. Scripts and handlers that a page was built with run; whatever comes later, or from elsewhere, does not.
2. What would load itself from another host is gone.
3. The workflows name actions by commit, and no job may do more than it must.
"""

import re

import pytest
import yaml

from smwm_book import paths
from smwm_book.production import policy

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8" />
<script>window.ran = ["own"];</script>
<script>const THEBE_JS_URL = "https://unpkg.com/thebe@0.8.2/lib/index.js"; window.ran.push("thebe");</script>
<script src="own.js"></script>
</head><body>
<button onclick="ran.push(&#39;handler&#39;)">press</button>
<script type="application/json">{"data": 1}</script>
</body></html>"""


@pytest.fixture
def page(tmp_path, browser):
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "own.js").write_text("window.ran.push('file');")
    policy.write(tmp_path)
    opened = browser.new_page()
    opened.goto((tmp_path / "page.html").as_uri())
    yield opened
    opened.close()


def test_a_page_runs_what_it_was_built_with(page):
    page.locator("button").click()
    assert page.evaluate("ran") == ["own", "file", "handler"]
    assert "unpkg" not in page.content()


@pytest.mark.parametrize(
    "planted",
    [
        "add('script', {textContent: 'ran.push(1)'})",
        "add('script', {src: 'data:text/javascript,ran.push(1)'})",
        "add('div', {innerHTML: '<img src=x onerror=ran.push(1)>'})",
        "add('iframe', {srcdoc: '<script>parent.ran.push(1)</script>'})",
    ],
    ids=["script", "data", "handler", "frame"],
)
def test_a_page_runs_nothing_else(page, planted):
    page.evaluate("() => { window.add = (tag, parts) => document.body.append("
                  "Object.assign(document.createElement(tag), parts)); ran.length = 0; }")  # fmt: skip
    page.evaluate(planted)
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == []


def test_a_page_loads_nothing_from_elsewhere(page):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate("() => { const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i); }")
    page.wait_for_timeout(300)
    assert any("Content Security Policy" in text for text in said), said


def test_slides_may_write_their_window_of_notes(tmp_path):
    (tmp_path / "slides.html").write_text(PAGE)
    policy.write(tmp_path)
    assert "script-src 'self' 'unsafe-inline';" in (tmp_path / "slides.html").read_text()


@pytest.mark.parametrize("name", ["test", "publish"])
def test_workflows_are_pinned_and_may_do_little(name):
    workflow = yaml.safe_load((paths.REPOSITORY / ".github" / "workflows" / f"{name}.yml").read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert used
        assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in used)
        runs_code = any("run" in step for step in job["steps"])
        assert job["permissions"] == ({"contents": "read"} if runs_code else {"pages": "write", "id-token": "write"})
