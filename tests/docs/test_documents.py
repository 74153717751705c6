"""What is written: everything is listed, every link leads somewhere, every picture is there and is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.core.errors import NotFound
from portal.web import urls
from portal.web.documents import helping, library, rendering, searching

ROOT = Path(__file__).resolve().parents[2]
LISTED_ELSEWHERE = {"README.md"}
LINK = re.compile(r"(?<!!)\[[^]]*\]\((?P<target>[^)\s]+)\)")
FENCES = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def anchors(name: str) -> set[str]:
    return {section.anchor for section in library.named(name).sections if section.anchor}


def leads_somewhere(key: str) -> bool:
    name, _, anchor = key.partition("#")
    return name in library.documents() and (not anchor or anchor in anchors(name))


def test_every_file_is_in_the_index_once() -> None:
    written = {str(file.relative_to(library.FOLDER)) for file in library.FOLDER.rglob("*.md")}
    listed = [document.path for document in library.documents().values()]
    assert sorted(listed) == sorted(written - LISTED_ELSEWHERE)


@pytest.mark.parametrize("name", list(library.documents()))
def test_headings_have_the_anchors_that_contents_and_search_lead_to(name: str) -> None:
    shown = re.findall(r'<h[2-6] id="([^"]+)"', rendering.render(name))
    assert shown == [section.anchor for section in library.named(name).sections if section.level > 1]


@pytest.mark.parametrize("name", list(library.documents()))
def test_links_within_the_portal_lead_somewhere(name: str) -> None:
    html = rendering.render(name)
    for target in re.findall(r'href="/docs/([^"]*)"', html):
        document, _, anchor = target.partition("/")
        assert leads_somewhere(f"{document}{anchor}"), target
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert anchor in anchors(name), anchor
    assert not re.findall(r"<img(?![^>]* src=)[^>]*>", html), "a picture that is not there"
    assert not re.findall(r'<img[^>]*alt=""', html), "a picture that says nothing to a screen reader"


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "docs/README.md"])
def test_links_of_other_files_lead_somewhere(file: str) -> None:
    source = FENCES.sub("", (ROOT / file).read_text())
    for match in LINK.finditer(source):
        path, _, anchor = match["target"].partition("#")
        if "://" in path or not path:
            continue
        found = ((ROOT / file).parent / path).resolve()
        assert found.exists(), match["target"]
        if anchor and found.suffix == ".md" and found.is_relative_to(library.FOLDER):
            name = str(found.relative_to(library.FOLDER)).removesuffix(".md").replace("/", "-")
            assert anchor in anchors(name), match["target"]


def test_every_screenshot_is_shown_by_a_document() -> None:
    kept = {file.name for file in (library.FOLDER / library.PICTURES).iterdir()}
    assert sorted(kept) == sorted(library.pictures())


def test_help_leads_to_what_is_written_and_names_pages_that_exist() -> None:
    assert [key for key in helping.HELP.values() if not leads_somewhere(key)] == []
    pages = {str(pattern.name) for pattern in urls.urlpatterns}
    for page in helping.HELP:
        assert any(each == page or each.startswith(f"{page}-") for each in pages), page


def test_help_of_a_page_is_the_nearest_that_there_is() -> None:
    assert helping.help_for("catalog-request-preview") == "/docs/guide-developer/#ask-for-a-service"
    assert helping.help_for("catalog-offering") == "/docs/guide-developer/#choose-from-the-catalog"
    assert helping.help_for("") == "/docs/"


def test_search_puts_what_it_is_about_first() -> None:
    first = searching.search("break-glass")[0]
    assert (first.document.name, first.section.anchor) == ("gate", "break-glass")
    assert searching.search("") == []
    assert searching.search("zzzz qqqq") == []
    assert all("freeze" in f"{each.title} {each.section.text}".lower() for each in searching.search("freeze"))


@pytest.mark.parametrize("name", ["", "README", "../README", "guide/developer", "..", "gate.md", "%2e%2e"])
def test_only_names_of_the_index_are_documents(name: str) -> None:
    with pytest.raises(NotFound):
        library.named(name)
    with pytest.raises(NotFound):
        library.picture(f"../screenshots/{name}")


def test_what_is_written_runs_nothing() -> None:
    for name in library.documents():
        html = rendering.render(name)
        for forbidden in ("<script", "<style", "style=", "onclick", "javascript:", "<iframe", 'src="http'):
            assert forbidden not in re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL), (name, forbidden)
