"""A Content-Security-Policy on every page of the built book: it loads from its own host and runs its own scripts.

Scripts and handlers that stand in a page are let through by their hashes. Styles are ``'unsafe-inline'``, for MathJax
writes those of its formulas as it goes. So are the scripts of the slides: reveal.js writes its window of notes itself.
"""

import base64
import hashlib
import html
import re
from pathlib import Path

_SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_HANDLER = re.compile(r'\son[a-z]+="([^"]*)"')
# Thebe, which the theme offers unasked, would load itself from another host.
_THEBE = re.compile(
    r"\s*<script>const THEBE_JS_URL.*?</script>|\s*<script[^>]*sphinx-thebe\.js[^>]*></script>"
    r'|\s*<script type="text/x-thebe-config">.*?</script>|\s*<script>kernelName = .*?</script>',
    re.DOTALL,
)


def write(book: Path) -> None:
    """Put its policy into every page of a built book; they are pages without one so far.

    Arguments:
        book: its folder.
    """
    for page in book.rglob("*.html"):
        if "_static" not in page.relative_to(book).parts:
            text = _THEBE.sub("", page.read_text())
            scripts = ["'unsafe-inline'"] if page.name == "slides.html" else _hashes(text)
            tag = f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts)}">'
            start = re.search(r"<meta charset[^>]*>\s*", text)
            at = start.end() if start else 0
            page.write_text(f"{text[:at]}{tag}\n{text[at:]}")


def policy(scripts: list[str]) -> str:
    """The policy of a page with these sources of scripts beside its own host."""
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(scripts)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        ]
    )


def _hashes(text: str) -> list[str]:
    scripts = [found[1] for found in _SCRIPT.finditer(text)]
    handlers = [html.unescape(found[1]) for found in _HANDLER.finditer(text)]
    digests = [hashlib.sha256(code.encode()).digest() for code in dict.fromkeys([*scripts, *handlers])]
    return ["'unsafe-hashes'", *(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)]
