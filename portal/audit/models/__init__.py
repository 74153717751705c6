"""What happened: append-only events, and the chain that proves their order."""

from portal.audit.models.event import AuditEvent
from portal.audit.models.link import AuditLink

__all__ = ["AuditEvent", "AuditLink"]
