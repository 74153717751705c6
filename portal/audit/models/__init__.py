"""What happened: append-only events, the chain that proves their order, and what people are told of it."""

from portal.audit.models.delivery import Delivery
from portal.audit.models.event import AuditEvent
from portal.audit.models.notification import Notification, NotificationPreference
from portal.audit.models.verification import VerificationPass

__all__ = ["AuditEvent", "Delivery", "Notification", "NotificationPreference", "VerificationPass"]
