"""Our own Markdown as HTML: headings to link to, links within the portal, pictures by a checked address."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import markdown as library
import nh3
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown.extensions import Extension
from markdown.extensions.toc import TocExtension
from markdown.treeprocessors import Treeprocessor

from portal.web import markdown
from portal.web.documents.library import PICTURES, Document, anchor_of, documents, pictures

HEADINGS = ("h2", "h3", "h4", "h5", "h6")
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    **{heading: {"id"} for heading in HEADINGS},
}
_TITLE = re.compile(r"\A(?:<!--.*?-->\s*)?# [^\n]*\n", re.DOTALL)
_SCROLLS = re.compile(r"<pre>")
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)


@cache
def render(name: str) -> SafeString:
    """The document without its title, made once in each process."""
    document = documents()[name]
    html = library.markdown(
        markdown.outdented(_TITLE.sub("", document.source)),
        extensions=["fenced_code", "tables", "sane_lists", _Headings(), _Within(document)],
        output_format="html",
    )
    html = nh3.clean(
        html,
        tags=markdown.TAGS | {"img"},
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    # what is wider than the page scrolls by itself, also with the keyboard
    html = _SCROLLS.sub('<pre tabindex="0">', html)
    html = _TABLE.sub(r'<div class="doc-table" tabindex="0"><table>\1</table></div>', html)
    return mark_safe(html)  # noqa: S308 nh3 keeps only the allow-list


class _Headings(TocExtension):
    """Ids of headings as GitHub makes them."""

    def __init__(self) -> None:
        super().__init__(slugify=anchor_of, marker="", toc_depth="2-6")


class _Within(Extension):
    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document

    def extendMarkdown(self, md: library.Markdown) -> None:
        md.treeprocessors.register(_Rewrite(md, self.document), "within", 0)


class _Rewrite(Treeprocessor):
    """Addresses within the portal for other documents and their pictures. What lies outside of `docs/` has no
    address there, so its link becomes text."""

    def __init__(self, md: library.Markdown, document: Document) -> None:
        super().__init__(md)
        self.folder = posixpath.dirname(document.path)
        self.by_path = {each.path: each for each in documents().values()}

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            self._lead(link)
        for image in root.iter("img"):
            self._show(image)

    def _lead(self, link: Element) -> None:
        url = urlsplit(link.get("href", ""))
        if url.scheme or url.netloc or not url.path or url.path.startswith("/"):
            return
        document = self.by_path.get(posixpath.normpath(posixpath.join(self.folder, url.path)))
        if document is None:
            link.tag = "span"
            link.attrib.clear()
            return
        anchor = f"#{url.fragment}" if url.fragment else ""
        link.set("href", reverse("web:docs-one", args=[document.name]) + anchor)

    def _show(self, image: Element) -> None:
        folder, name = posixpath.split(posixpath.normpath(posixpath.join(self.folder, image.get("src", ""))))
        found = pictures().get(name) if folder == PICTURES else None
        if found is None:
            image.attrib.pop("src", None)
            return
        image.set("src", reverse("web:docs-picture", args=[name.removesuffix(".png")]))
        image.set("width", str(found.width))
        image.set("height", str(found.height))
