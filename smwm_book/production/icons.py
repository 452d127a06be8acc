"""Cut the theme's icons down to those that the pages use.

A script draws every icon of Font Awesome Free and weighs half a megabyte on the wire, and a style sheet has a rule for
each; a page uses a dozen. Their code stays as it is, with its licence in the file beside it; only entries of the
script's tables and rules of the style sheet go.
"""

import re
from pathlib import Path

from smwm_core.errors import SMWMError

_USED = re.compile(r"\bfa-([a-z0-9-]+)")
# name:[width,height,[aliases],"code point","path"], the last a list of two paths in duotone icons
_ENTRY = re.compile(
    r'(?:"([a-z0-9-]+)"|([A-Za-z0-9]+)):\[\d+,\d+,(\[[^\]]*\]),"[0-9a-f]+",(?:"[^"]*"|\["[^"]*","[^"]*"\])\],?'
)
_ALIAS = re.compile(r'"([a-z0-9-]+)"')
_RULE = re.compile(r'\.fa-[a-z0-9-]+:before(?:,\.fa-[a-z0-9-]+:before)*\{content:"[^"]*"\}')


def cut(html: Path) -> None:
    """Drop unused icons from the scripts and style sheets of a built book, ``_static``.

    Arguments:
        html: the root of the built book.

    Raises:
        SMWMError: the script is missing or not of the form expected; all is left as it was.
    """
    script = html / "_static" / "scripts" / "fontawesome.js"
    used = {name for page in html.rglob("*.html") for name in _USED.findall(page.read_text())}
    if not script.exists():
        raise SMWMError("the theme has no fontawesome.js")
    found = set()

    def keep(entry: re.Match) -> str:
        names = {entry[1] or entry[2], *_ALIAS.findall(entry[3])} & used
        found.update(names)
        return entry[0] if names else ""

    text, entries = _ENTRY.subn(keep, script.read_text())
    if entries < 1000 or not found:
        raise SMWMError(f"the fontawesome.js of the theme has {entries} icons of the expected form, so none were cut")
    script.write_text(text)
    for sheet in (html / "_static" / "styles").glob("*.css"):
        sheet.write_text(_RULE.sub(lambda rule: rule[0] if used & {*_USED.findall(rule[0])} else "", sheet.read_text()))
