"""Kubernetes' dialect of CEL on Google's C++ evaluator: the only importers of cel_expr_python."""
