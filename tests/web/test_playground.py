"""The playground: pasted objects are judged as kubectl reads them, fixes rewrite them, nothing is kept."""

from __future__ import annotations

import re

import pytest

from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput
from portal.web.policy import pasted
from tests.fixtures.organisation import Organisation
from tests.web.conftest import SignIn
from tests.web.pages import Page

ADDRESS = "/policies/playground/"
LIVE = {"HX-Request": "true", "HX-Target": "answer"}
DEPLOYMENT = """\
# before
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop  # goes
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop/web:1.2.3
          securityContext: {privileged: true}
"""
TEXT = f"""{DEPLOYMENT}---
# stays as it is: ünïcode
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{a: "1"}}  # stays
"""


def fixes_in(html: str) -> list[str]:
    return [value.replace("&amp;", "&") for value in re.findall(r'name="fix" value="([^"]+)"', html)]


def text_in(html: str) -> str:
    found = html.split('<textarea class="form-control mono yaml"')[1].split(">", 1)[1].split("</textarea>")[0]
    return found.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")


def test_typing_is_answered_with_verdicts_in_their_order(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.alice)
    response = browser.post(ADDRESS, {"yaml": TEXT, "environment": "dev"}, headers=LIVE)
    part = response.content.decode()
    assert part.lstrip().startswith('<section class="panel preview" id="answer"')
    assert part.index("Refuse it") < part.index("No privileged containers") < part.index("rules pass")
    assert "2 objects" in part


def test_without_a_script_the_button_gives_the_same_page(
    organisation: Organisation, signed_in: SignIn
) -> None:
    response = signed_in(organisation.alice).post(ADDRESS, {"yaml": TEXT, "environment": "production"})
    page = response.content.decode()
    assert response.status_code == 200
    assert text_in(page) == TEXT
    assert "No privileged containers" in page
    assert Page(page).problems == []


def test_a_ready_fix_rewrites_its_object_and_leaves_the_rest_of_the_text_alone(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.alice)
    first = browser.post(ADDRESS, {"yaml": TEXT, "environment": "dev"}).content.decode()
    fix = next(name for name in fixes_in(first) if name.startswith("pod-privileged|"))
    headers = {"HX-Request": "true", "HX-Target": "playground"}
    second = browser.post(ADDRESS, {"yaml": TEXT, "environment": "dev", "fix": fix}, headers=headers)
    html = second.content.decode()
    text = text_in(html)
    assert html.lstrip().startswith('<div id="playground">')
    assert "Fix applied" in html
    assert "privileged: true" not in text
    assert text.startswith("# before\napiVersion: apps/v1\n")
    assert text.endswith(TEXT[TEXT.index("---") :])
    assert not any(name.startswith("pod-privileged|") for name in fixes_in(html))


def test_a_fix_of_a_text_that_has_changed_is_told_instead_of_applied(
    organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.alice)
    first = browser.post(ADDRESS, {"yaml": TEXT, "environment": "dev"}).content.decode()
    changed = TEXT.replace("name: shop  # goes", "name: other")
    data = {"yaml": changed, "environment": "dev", "fix": fixes_in(first)[0]}
    html = browser.post(ADDRESS, data).content.decode()
    assert "That fix no longer fits" in html
    assert text_in(html) == changed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "line 2"),
        ("x: " + "[" * 200 + "]" * 200, "levels deep"),
        ("a: 1\n" * 250_000, "at most 1,048,576"),
    ],
    ids=["unreadable", "deep", "large"],
)
def test_what_cannot_be_read_is_explained_and_kept(
    text: str, said: str, organisation: Organisation, signed_in: SignIn
) -> None:
    browser = signed_in(organisation.alice)
    response = browser.post(ADDRESS, {"yaml": text, "environment": "dev"})
    html = response.content.decode()
    assert response.status_code == 422
    assert said in html
    assert text_in(html) == text


def test_too_many_objects_are_refused_with_the_number(organisation: Organisation, signed_in: SignIn) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n"
    html = (
        signed_in(organisation.alice)
        .post(ADDRESS, {"yaml": one * 201, "environment": "dev"})
        .content.decode()
    )
    assert "These are 201 objects; at most 200 are judged at once." in html


def test_hundreds_of_findings_are_counted_and_the_first_are_listed(
    organisation: Organisation, signed_in: SignIn
) -> None:
    many = "---\n".join(DEPLOYMENT.replace("name: shop", f"name: shop-{number}") for number in range(60))
    data = {"yaml": many, "environment": "dev", "policy": ""}
    html = signed_in(organisation.alice).post(ADDRESS, data, headers=LIVE).content.decode()
    assert "60 objects" in html
    assert "The first 100 of each kind are listed" in html
    assert html.count('<li class="verdict verdict-deny">') == 100


def test_an_example_is_tried_by_its_policy_alone(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    data = {"yaml": TEXT, "environment": "dev", "policy": "pod-privileged"}
    html = browser.post(ADDRESS, data).content.decode()
    assert 'name="policy" value="pod-privileged"' in html
    assert "1 refuse" in html
    everything = browser.post(ADDRESS, {**data, "policy": "no-such"}).content.decode()
    assert "Only by" not in everything


def test_nothing_pasted_is_kept_anywhere(organisation: Organisation, signed_in: SignIn) -> None:
    browser = signed_in(organisation.alice)
    before = AuditEvent.objects.count()
    browser.post(ADDRESS, {"yaml": TEXT, "environment": "dev"})
    assert AuditEvent.objects.count() == before
    assert "registry.example.com/shop" not in browser.get(ADDRESS).content.decode()


def test_it_begins_with_what_to_do(organisation: Organisation, signed_in: SignIn) -> None:
    html = signed_in(organisation.olga).get(f"{ADDRESS}?environment=staging").content.decode()
    assert "Paste something" in html
    assert re.search(r'value="staging" checked', html)


# reading and writing the text


def fixed(text: str, kind: str = "Pod", path: str = "/spec/hostNetwork") -> str:
    found = pasted.read(text)
    verdict = _verdict(kind, [{"op": "add", "path": path, "value": False}])
    return found.fixed(verdict)


def _verdict(kind: str, fix: list[dict]) -> pasted.Verdict:
    key = pasted.ObjectKey("v1", kind, "evaluation-dev", "a")
    about = {"outcome": "deny", "message": "", "reason": "", "remediation": "", "severity": "low"}
    return pasted.Verdict("p", 0, "", key=key, path="", category="", docs="", fix=fix, **about)


def test_json_stays_json() -> None:
    text = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}}\n'
    assert '"hostNetwork": false' in fixed(text)
    assert (fixed(text)[:2], fixed(text)[-2:]) == ("{\n", "}\n")


def test_a_member_of_a_list_is_fixed_where_it_stands() -> None:
    item = "{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {}}"
    text = f"apiVersion: v1\nkind: List\nitems:\n- {item % 'b'}\n- {item % 'a'}\n"
    (document,) = pasted.read(fixed(text)).objects
    assert [each["spec"] for each in document["items"]] == [{}, {"hostNetwork": False}]


def test_comments_and_empty_documents_around_it_stay() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: []\n"
    text = f"---\n# top\n---\n{pod}  # under it\n# last\n---\n---\nkind: X\n"
    new = fixed(text)
    assert new.startswith("---\n# top\n---\napiVersion: v1\n")
    assert new.endswith("\n  # under it\n# last\n---\n---\nkind: X\n")


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    text = "\ufeffapiVersion: v1\r\nkind: Pod\r\nmetadata: {name: a}\r\nspec: {}\r\n"
    assert fixed(text).endswith("spec:\n  hostNetwork: false\n")


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a: &a [x]"] + [
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(9)
    ]
    with pytest.raises(InvalidInput):
        pasted.read("\n".join(lines))
