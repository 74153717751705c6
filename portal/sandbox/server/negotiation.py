"""Which form of an answer the client wants: JSON, a Table, metadata only, aggregated discovery."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sandbox.statuses import ApiError

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_OFFERED = "application/json, application/yaml"
_JSON_NAMES = {JSON, "application/*", "*/*", "", "text/plain"}


@dataclass(frozen=True)
class Form:
    """`kind` is "", Table, PartialObjectMetadata(List) or APIGroupDiscoveryList."""

    media: str = JSON
    kind: str = ""
    version: str = ""

    @property
    def content_type(self) -> str:
        if self.kind == "APIGroupDiscoveryList":
            return f"{JSON};g=apidiscovery.k8s.io;v={self.version};as={self.kind}"
        return self.media


def form(accept: str, *, discovery: bool = False) -> Form:
    """The first acceptable form in the order given; raises NotAcceptable."""
    for clause in accept.split(","):
        media, *rest = (part.strip() for part in clause.split(";"))
        parameters = dict(part.partition("=")[::2] for part in rest)
        if media not in _JSON_NAMES and media != YAML:
            continue
        chosen = JSON if media in _JSON_NAMES else YAML
        kind = parameters.get("as", "")
        if not kind:
            return Form(chosen)
        if discovery:
            if kind == "APIGroupDiscoveryList" and parameters.get("v") in ("v2", "v2beta1"):
                return Form(chosen, kind, parameters["v"])
        elif parameters.get("g") == "meta.k8s.io" and kind in (
            "Table", "PartialObjectMetadata", "PartialObjectMetadataList",
        ):  # fmt: skip
            return Form(chosen, kind, parameters.get("v", "v1"))
    raise ApiError(406, "NotAcceptable", f"only the following media types are accepted: {_OFFERED}", {})
