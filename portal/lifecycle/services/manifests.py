"""Kubernetes objects as people send them: a list of documents, or YAML text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.clusters import goyaml
from portal.core.documents import check_characters, check_json
from portal.core.errors import InvalidInput
from portal.lifecycle.services.naming import Errors


def given(data: Mapping[str, Any], errors: Errors) -> list[Any]:
    """The documents of `documents`, or of `text`, a stream of YAML that is read as kubectl reads it.

    What is wrong with them goes to `errors`; what they hold is not looked at. Raises TooLarge.
    """
    text, documents = data.get("text"), data.get("documents")
    if text is None:
        return list(documents or ())
    if documents is not None:
        errors.add("/text", "Send either documents or text.")
        return []
    try:
        found = [document for document in goyaml.load_all(str(text)) if document is not None]
        check_characters(found)
    except goyaml.NotReadable as exc:
        errors.add("/text", f"This is not YAML that Kubernetes accepts: {exc}.", "not_yaml")
        return []
    except InvalidInput as exc:
        errors.add("/text", exc.message)
        return []
    check_json(found)
    return found


def place(data: Mapping[str, Any]) -> str:
    """Where an error about the documents belongs."""
    return "/text" if data.get("text") is not None else "/documents"
