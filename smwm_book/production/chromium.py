"""Find a Chromium and let it print a page."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from smwm_core.errors import SMWMError

NAMES = ("chromium", "chromium-browser", "google-chrome")  # the order of tools/need.sh
OPTIONS = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")
if os.geteuid() == 0:  # root has no sandbox
    OPTIONS += ("--no-sandbox",)
LONGEST_SECONDS = 300


def candidates() -> Iterator[str]:
    """Executables that may be a Chromium: those on the PATH, then Playwright's if that is installed."""
    yield from filter(None, map(shutil.which, NAMES))
    if find_spec("playwright"):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            own = playwright.chromium.executable_path
        if Path(own).exists():
            yield own


def print_to_pdf(page: Path, output: Path) -> None:
    """Print an HTML file with the first candidate that can.

    Scripts have 30 seconds of the browser's own clock to finish, which waits for no real second that
    nothing happens in.

    Arguments:
        page: the HTML file.
        output: the PDF.

    Raises:
        SMWMError: there is no Chromium, or none that prints within five minutes.
    """
    tried = []
    for executable in candidates():
        tried.append(executable)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            command = [
                executable,
                "--headless",
                *OPTIONS,
                f"--user-data-dir={profile}",
                "--no-pdf-header-footer",
                "--generate-pdf-document-outline",
                "--virtual-time-budget=30000",
                f"--print-to-pdf={output}",
                page.as_uri(),
            ]
            _run(command)
        if output.exists():
            return
    if not tried:
        raise SMWMError("there is no Chromium")
    raise SMWMError(f"{' and '.join(tried)} did not print within {LONGEST_SECONDS} seconds or did not start")


def _run(command: list[str]) -> None:
    """Run a command in silence, and end it with all its children when it takes too long."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        process = subprocess.Popen(command, **silent, start_new_session=True)
    except OSError:
        return
    try:
        process.wait(LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
