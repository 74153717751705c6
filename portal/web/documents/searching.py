"""Finding a section of the documentation by its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from portal.web.documents.library import Document, Section, documents

MOST = 30
OF_ONE_DOCUMENT = 4
EXCERPT = 160
BEFORE = 40  # characters of an excerpt before the first word that was looked for
IN_TITLE, IN_HEADING, IN_TEXT = 8, 4, 1


@dataclass(frozen=True)
class Found:
    """One section that has all the words, with some text around the first of them."""

    document: Document
    section: Section
    excerpt: str

    @property
    def url(self) -> str:
        anchor = f"#{self.section.anchor}" if self.section.anchor else ""
        return reverse("web:docs-one", args=[self.document.name]) + anchor

    @property
    def title(self) -> str:
        return self.section.heading if self.section.level > 1 else self.document.title


def search(words: str, *, most: int = MOST) -> list[Found]:
    """Sections with all of these words in title, heading or text; the best first, few of each document."""
    terms = words.lower().split()
    if not terms:
        return []
    found = [
        (score, Found(document, section, _excerpt(section.text, terms)))
        for document in documents().values()
        for score, section in _best(document, terms)
    ]
    found.sort(key=lambda each: -each[0])
    return [each for _, each in found[:most]]


def _best(document: Document, terms: list[str]) -> list[tuple[int, Section]]:
    ranked = sorted(_scored(document, terms), key=lambda each: -each[0])
    return ranked[:OF_ONE_DOCUMENT]


def _scored(document: Document, terms: list[str]) -> Iterator[tuple[int, Section]]:
    title = f"{document.title} {document.summary}".lower()
    for section in document.sections:
        heading, text = section.heading.lower(), section.text.lower()
        said = title if section.level == 1 else ""
        scores = [
            IN_TITLE * (term in said) + IN_HEADING * (term in heading) + IN_TEXT * (term in text)
            for term in terms
        ]
        if all(scores):
            yield sum(scores), section


def _excerpt(text: str, terms: list[str]) -> str:
    lower = text.lower()
    first = min((lower.find(term) for term in terms if term in lower), default=0)
    start = text.rfind(" ", 0, max(first - BEFORE, 0)) + 1 if first > BEFORE else 0
    cut = text[start : start + EXCERPT]
    return f"{'… ' if start else ''}{cut}{'…' if len(text) > start + EXCERPT else ''}"
