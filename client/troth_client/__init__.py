"""A thin, typed client of Troth's API: calls are values, written from the API; a client sends them.

>>> from troth_client import Client, accounts, me
>>> with Client("https://troth.example") as troth:
...     troth.signed_in(troth.send(accounts.sign_in(login=login, password=password))["token"])
...     troth.send(me.withdraw("customer_flow"))
"""

from troth_client import (
    accounts,
    breaches,
    desk,
    device,
    endings,
    me,
    media,
    public,
    receivers,
    requests,
    service,
    shapes,
    staff,
)
from troth_client.call import Call
from troth_client.client import AsyncClient, Client, Refused

__all__ = [
    "AsyncClient",
    "Call",
    "Client",
    "Refused",
    "accounts",
    "breaches",
    "desk",
    "device",
    "endings",
    "me",
    "media",
    "public",
    "receivers",
    "requests",
    "service",
    "shapes",
    "staff",
]
