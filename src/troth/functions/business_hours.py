"""Business hours as functions and their callers know them; a shop that is put on file is held to the same."""

from troth.subjects.business_hours import BadBusinessHours, BusinessHours

__all__ = ["BadBusinessHours", "BusinessHours"]
