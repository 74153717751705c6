"""Markdown that strangers wrote."""

from __future__ import annotations

import pytest

from portal.web import markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '<a href="data:text/html,x" onclick="x">x</a>',
        '<p style="position:fixed">x</p>',
        "<iframe src='https://evil.example'></iframe>",
        "![x](https://evil.example/tracker.png)",
    ],
)
def test_nothing_of_it_runs_or_loads(text: str) -> None:
    html = markdown.render(text)
    for forbidden in ("<script", "onerror", "onclick", "javascript:", "data:", "style=", "<iframe", "<img"):
        assert forbidden not in html


def test_headings_stand_below_those_of_the_page() -> None:
    assert markdown.render("# One\n\n###### Six") == "<h3>One</h3>\n<h6>Six</h6>"


def test_a_fence_inside_a_list_is_a_block() -> None:
    html = markdown.render("- Do this:\n\n  ```yaml\n  a:\n    b: <1>\n  ```\n\nThen.")
    assert "<pre><code>a:\n  b: &lt;1&gt;\n</code></pre>" in html
    assert "<p>Then.</p>" in html


def test_links_and_tables_stay() -> None:
    html = markdown.render("[docs](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<a href="https://example.com" rel="noopener noreferrer">docs</a>' in html
    assert "<td>2</td>" in html
