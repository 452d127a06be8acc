"""How tests read the built book: which pages there are, and opening one while noting what goes wrong."""

from smwm_book import paths


def pages():
    toc = (paths.REPOSITORY / "_toc.yml").read_text().splitlines()
    entries = [line.split(": ", 1)[1].strip() for line in toc if "root: " in line or "file: " in line]
    return [f"{entry}.html" for entry in entries]


def open_page(browser, address, page_name, width, scheme="light", on_request=None):
    """Open a page; return it with the list of everything that went wrong on the way."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    problems = []

    def note_request(request):
        if not request.url.startswith((address, "data:", "blob:")):
            problems.append(f"foreign request: {request.url}")

    def note_console(message):
        if message.type == "error":
            problems.append(f"console: {message.text}")

    page.on("request", note_request)
    if on_request:
        page.on("request", on_request)
    page.on("requestfailed", lambda request: problems.append(f"failed request: {request.url}"))
    page.on("response", lambda answer: answer.status >= 400 and problems.append(f"{answer.status}: {answer.url}"))
    page.on("console", note_console)
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    page.goto(f"{address}/{page_name}", wait_until="networkidle")
    return page, problems


def wait_until(page, expression, arg=None, timeout=30_000):
    """Ask again and again from here: the pages' policy lets no text be evaluated in a loop of their own."""
    for _ in range(timeout // 50):
        if page.evaluate(expression, arg):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"It never came true: {expression}")


def assert_whole(page, width):
    """An open page has a title, a language, pictures with alt text, and does not scroll sideways in either scheme.

    What is folded below headings is opened first, and stays open.
    """
    page.evaluate("document.querySelectorAll('details.folded').forEach((part) => { part.open = true; })")
    assert page.title()
    assert page.locator("html").get_attribute("lang")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        wait_until(page, "(scheme) => document.documentElement.dataset.theme === scheme", arg=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for picture in page.locator("article img").all():
        alt = picture.get_attribute("alt") or ""
        assert len(alt) > 20, f"a picture needs alt text, this has {alt!r}"
        assert not alt.startswith("../_images")
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("p => p.decode().then(() => p.naturalWidth)") > 0
