"""The values of a request as a file that Helm takes."""

from __future__ import annotations

from django.http import HttpResponse

from portal.core.documents import dump_yaml
from portal.lifecycle.operations.drafting import Draft


def text(draft: Draft) -> str:
    """All that the chart would be given, with the command that takes it; secrets are masked."""
    wish = draft.wish
    chart = f"{wish.offering.slug} {wish.version.version}" if wish.version else wish.offering.slug
    lines = [
        f"# {wish.name} in {draft.namespace}: all values of {chart}. Secrets are masked: fill them in.",
        f"# {command(draft)}",
    ]
    return "\n".join([*lines, dump_yaml(draft.masked_values)])


def command(draft: Draft) -> str:
    """What a user of Helm would type."""
    wish = draft.wish
    version = f" --version {wish.version.version}" if wish.version else ""
    return (
        f"helm upgrade --install {wish.name} {wish.offering.slug}{version}"
        f" --namespace {wish.target.namespace} --values values.yaml"
    )


def response(draft: Draft) -> HttpResponse:
    """To be saved under a name that says what it is."""
    answer = HttpResponse(text(draft), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{draft.wish.name or "values"}.values.yaml"'
    return answer
