"""The built book, served and opened in a browser."""

import functools
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from smwm_book import paths
from smwm_book.production import chromium


def git_status():
    return subprocess.run(
        ["git", "-C", str(paths.REPOSITORY), "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(scope="session")
def built():
    before = git_status()
    finished = subprocess.run(
        [sys.executable, "-m", "smwm_book", "book"], cwd=paths.REPOSITORY, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    assert git_status() == before
    return paths.REPOSITORY / "_build" / "html"


@pytest.fixture(scope="session")
def address(built):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")  # while it runs, nothing else in this process may use asyncio, as notebooks do
def browser():
    from playwright.sync_api import sync_playwright

    executable = next(chromium.candidates())  # tools/need.sh installs one if there is none
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(chromium.OPTIONS))
        yield running
        running.close()


@pytest.fixture
def watched(browser):
    """Opens an address in a page of its own, closed at the end; no page may fail, speak up or ask for another address.

    Further files on the disk may be asked for with ``files=True``.
    """
    pages, problems = [], []

    def open_page(address, width, height, *, files=False, **options):
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))

        def expected(url):
            return url == address or (files and url.startswith("file://"))

        page.on("request", lambda request: expected(request.url) or problems.append(request.url))
        page.goto(address)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert problems == []
