"""Kubernetes' CEL: parsed, type-checked, costed and evaluated as its API server does, in Python."""
