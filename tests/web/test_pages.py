"""The pages, in a real browser: nothing broken, nothing from elsewhere, hostile names as text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.processes import Place, Server, serving, until

HOSTILE = '<script>document.title="owned"</script><img src=x onerror=alert(1)>'
SHEET = (
    f"scene_id,prompt,size,variants\nS1,a red boat at sea,256x256,2\n{HOSTILE},a mug,256x256,1\n"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open Debian's Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a place with one finished batch of a hostile name."""
    with serving(Place(tmp_path_factory.mktemp("pages"))) as server:
        answer = server.http.post(
            "/batch/upload", files={"file": ("a.csv", SHEET.encode())}, data={"name": HOSTILE}
        )
        assert answer.status_code == 202, answer.text
        server.wait_for(answer.json()["batchId"], ["succeeded"])
        yield server


def visit(browser: Browser, url: str, width: int = 1280) -> tuple[Page, list[str], list[str]]:
    """Open an address; answers the page, what the console complained of, and what was loaded."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    loaded: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(url, wait_until="networkidle")
    return page, complaints, loaded


def shown_pictures(page: Page) -> int:
    """Count the pictures that have pixels."""
    return int(
        page.evaluate("[...document.images].filter(i => i.complete && i.naturalWidth > 0).length")
    )


@pytest.mark.parametrize("width", [400, 1280])
def test_home_shows_recent_batches(browser: Browser, busy: Server, width: int) -> None:
    """What it is, each batch with its contact sheet, and nothing wider than the screen."""
    page, complaints, loaded = visit(browser, str(busy.http.base_url), width)
    text = page.inner_text("body")
    assert "callsheet" in text
    assert "3 of 3 made" in text
    assert HOSTILE in text
    assert page.title() == "callsheet"
    assert shown_pictures(page) == page.locator("img").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not complaints
    assert all(url.startswith(str(busy.http.base_url)) for url in loaded)
    page.close()


def test_home_of_an_empty_place_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    """Without a batch the page shows how to send one."""
    with serving(Place(tmp_path)) as server:
        page, complaints, _ = visit(browser, str(server.http.base_url))
        assert "callsheet run" in page.inner_text("body")
        assert not complaints
        page.close()


def test_contact_sheet_stands_alone(browser: Browser, busy: Server, tmp_path: Path) -> None:
    """Saved to disk, the contact sheet shows every picture and asks nobody for anything."""
    listed = busy.http.get("/api/jobs").json()["items"][0]
    link = listed["files"]["contact-sheet.html"]
    saved = tmp_path / "contact-sheet.html"
    saved.write_bytes(busy.http.get(link).content)
    page, complaints, loaded = visit(browser, saved.as_uri())
    assert shown_pictures(page) == page.locator("img").count() == 3
    assert HOSTILE in page.inner_text("body")
    assert page.title() != "owned"
    assert not complaints
    assert [url for url in loaded if not url.startswith("data:")] == [saved.as_uri()]
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_film_plays_on_its_page(browser: Browser, films: tuple[Server, str], width: int) -> None:
    """With every shot, what is said in it and what was said about it; hostile words are text."""
    server, job = films
    page, complaints, loaded = visit(browser, f"http://127.0.0.1:{server.port}/films/{job}", width)
    page.evaluate("document.querySelector('video').play()")
    until(lambda: page.evaluate("document.querySelector('video').currentTime") > 0.1)
    assert page.evaluate("document.querySelector('video').duration") == pytest.approx(5, abs=0.1)
    assert shown_pictures(page) == page.locator(".shots li").count() > 0
    assert HOSTILE in page.locator(".comments").inner_text()
    assert page.title() != "owned"
    assert complaints == []
    assert all(url.startswith(f"http://127.0.0.1:{server.port}/") for url in loaded)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"http://127.0.0.1:{server.port}/")
    assert page.locator(f"a[href='/films/{job}']").count() > 0
    page.close()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """Serve a place with one film, about which somebody said something hostile."""
    with serving(Place(tmp_path_factory.mktemp("films"))) as server:
        asked = {"prompt": f"5 seconds: a fox in the snow {HOSTILE}", "height": 256}
        answer = server.http.post("/api/generate", json={**asked, "quality": "draft"})
        assert answer.status_code == 202, answer.text
        job = answer.json()["job_id"]
        said = {"op_id": "a", "text": HOSTILE}
        assert server.http.post(f"/api/jobs/{job}/comments", json=said).status_code == 201
        server.wait_for(job, ["succeeded"])
        yield server, job
