"""Tables: what `kubectl get` prints, column by column (kubernetes/pkg/printers/internalversion)."""

from portal.sandbox.printers.tables import Tables, partial_metadata

__all__ = ["Tables", "partial_metadata"]
