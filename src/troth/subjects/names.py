"""The policy's names that these workflows speak of, in one place. What they allow is for it to say."""

from __future__ import annotations

from troth.terms import FunctionName, ItemName, Purpose

REGISTER = FunctionName("register")
REQUESTS = FunctionName("requests")
COMPLETE_REGISTRATION = Purpose("complete_registration")
SIGN_IN = Purpose("sign_in")
SEND_ALERTS = Purpose("send_alerts")
ANSWER_REQUEST = Purpose("answer_request")
"""Stands in every function: a person's own rights."""
ASSOCIATE_STORE = Purpose("associate_cameras_with_store")
SET_BUSINESS_HOURS = Purpose("set_business_hours")

PHONE = ItemName("phone_number")
EMAIL = ItemName("email_address")
PASSWORD = ItemName("password")
REQUEST_DETAILS = ItemName("request_details")
VERIFICATION_CODE = ItemName("verification_code")
"""Typed in once to show that the phone is theirs; kept as a hash among the codes, never in the vault."""
STORE_NAME = ItemName("store_name")
STORE_ADDRESS = ItemName("store_address")
BUSINESS_HOURS = ItemName("business_hours")
