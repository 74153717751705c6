"""What a judgement of files looks like to people (text), programs (JSON) and code scanners (SARIF)."""

from portal.policy.reports.report import Placed, Report

__all__ = ["Placed", "Report"]
