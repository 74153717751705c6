"""The types of Kubernetes' own kinds, and what is wrong with a document of such a kind. Pure, read lazily."""

from portal.policy.schema.check import applies_to, check
from portal.policy.schema.problems import SchemaProblem, explained

__all__ = ["SchemaProblem", "applies_to", "check", "explained"]
