"""Files that are a picture and a script at once, opened in a real browser: nothing of them runs.

Switched on by NEGAREH_BROWSER=1; drives the Chromium of the system.
"""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.media.assets import make_asset
from tests.media.pictures import jpeg_and_html, jpeg_and_script, jpeg_with_exif, png_and_html, png_and_zip

pytestmark = pytest.mark.skipif(os.environ.get("NEGAREH_BROWSER") != "1", reason="NEGAREH_BROWSER=1 switches it on")

POLYGLOTS = {
    "PNG and page": png_and_html,
    "PNG and zip": png_and_zip,
    "JPEG and page": jpeg_and_html,
    "JPEG and script": jpeg_and_script,
    "JPEG with a script in its EXIF": jpeg_with_exif,
}
WAYS = ("document", "img", "script", "iframe", "object", "embed")
SETTLE_MS = 300


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "install Chromium, or leave NEGAREH_BROWSER unset"
    # Its event loop runs in this thread, where Django would take each query for one in async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser, server, ai_manager) -> Iterator[Any]:
    """A page of our own origin, signed in as the picture's owner. `page.dialogs` fills when a script runs."""
    client = Client()
    client.force_login(ai_manager)
    context = browser.new_context()
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}])
    opened = context.new_page()
    opened.dialogs = []
    opened.on("dialog", lambda dialog: (opened.dialogs.append(dialog.message), dialog.dismiss()))
    yield opened
    context.close()


def place(page: Any, tag: str, address: str) -> None:
    script = """([tag, address]) => new Promise(done => {
        const element = document.createElement(tag);
        element[tag === 'object' ? 'data' : 'src'] = address;
        element.onload = element.onerror = done;
        document.body.append(element);
        setTimeout(done, 1000);
    })"""
    page.evaluate(script, [tag, address])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", POLYGLOTS)
def test_no_script_of_a_picture_runs(page, server, ai_manager, name, way):
    asset = make_asset(ai_manager, POLYGLOTS[name]())
    address = f"{server.url}/api/media/{asset.pk}/original/"

    if way == "document":
        answer = page.goto(address)
        assert (answer.status, answer.headers["content-type"].split("/")[0]) == (200, "image")
    else:
        page.goto(f"{server.url}/livez")
        place(page, way, address)
    page.wait_for_timeout(SETTLE_MS)

    assert page.dialogs == []
    assert page.title() != "ran"


def test_a_script_that_does_run_is_noticed(page, server):
    page.goto(f"{server.url}/livez")
    page.evaluate("() => { document.title = 'ran'; setTimeout(() => alert(1)); }")
    page.wait_for_timeout(SETTLE_MS)

    assert (page.dialogs, page.title()) == (["1"], "ran")
