"""Telling a person by e-mail, through Django's mail settings."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

from portal.audit.models import Delivery
from portal.audit.undelivered import Refused, Unreachable

LONGEST_SUBJECT = 120


def send(delivery: Delivery) -> None:
    """Send it, once. Raises Unreachable (try again) or Refused (do not)."""
    try:
        compose(delivery).send()
    except smtplib.SMTPRecipientsRefused as exc:
        codes = [code for code, _ in exc.recipients.values()]
        raise _answer("The address was refused", max(codes, default=0)) from exc
    except smtplib.SMTPDataError as exc:
        raise _answer("The e-mail was refused", exc.smtp_code) from exc
    except smtplib.SMTPResponseException as exc:
        raise Unreachable(f"The mail server answered {exc.smtp_code}.") from exc
    except ValueError as exc:  # Django's, for what cannot be a header
        raise Refused("The address cannot be written to.") from exc
    except TimeoutError as exc:
        raise Unreachable("The mail server did not answer in time.") from exc
    except OSError as exc:  # smtplib's own errors are of this kind as well
        raise Unreachable("The mail server cannot be reached.") from exc


def compose(delivery: Delivery) -> EmailMessage:
    """One sentence as subject and text, and where to read on. The same `Message-ID` when it is sent again."""
    notification = delivery.notification
    assert notification is not None  # noqa: S101 an e-mail always has one
    base, sender = settings.SLIPWAY_BASE_URL, settings.SLIPWAY_EMAIL_FROM
    mark = "Urgent: " if notification.urgent else ""
    text = (
        f"{notification.text}\n\n{base}{notification.url}\n\n--\n"
        f"Slipway sent this to {notification.user.username}. What comes by e-mail is your choice:\n"
        f"{base}{reverse('web:notifications')}\n"
    )
    domain = sender.rpartition("@")[2].strip("> ")
    return EmailMessage(
        subject=f"{mark}{notification.text}"[:LONGEST_SUBJECT],
        body=text,
        from_email=sender,
        to=[notification.user.email],
        headers={"Message-ID": f"<{delivery.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )


def _answer(said: str, code: int) -> Refused | Unreachable:
    """Codes from 500 are for good (RFC 5321, 4.2.1)."""
    return Refused(f"{said} ({code}).") if code >= 500 else Unreachable(f"{said} for now ({code}).")
