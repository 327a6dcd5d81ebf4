"""Which status and which word an error gets on the wire, by class; the nearest class in its line counts."""

from __future__ import annotations

from collections.abc import Mapping

from troth.app.doors.base import Unavailable
from troth.devices import door, registry, stock
from troth.functions.business_hours import BadBusinessHours
from troth.gate import NoSuchPolicy
from troth.ledger import NoSuchSubject
from troth.rights.moves import NoSuchMove
from troth.subjects import (
    accounts,
    age,
    choices,
    codes,
    contact,
    passwords,
    records,
    registration,
    staff,
    tries,
)
from troth.subjects.sessions import NotSignedIn
from troth.vault import Erased, LinkSpent, NotHeld, NotStorable, WrongForm

STATUSES: Mapping[type, tuple[int, str]] = {
    NotSignedIn: (401, "not_signed_in"),
    accounts.SignInRefused: (401, "sign_in_refused"),
    staff.NotStaff: (401, "not_staff"),
    staff.WrongRole: (403, "wrong_role"),
    records.NotYoursToState: (403, "not_yours_to_state"),
    records.NotThisWay: (403, "not_this_way"),
    codes.WrongCode: (403, "wrong_code"),
    stock.WrongCode: (403, "wrong_code"),
    NoSuchMove: (403, "no_such_move"),
    NoSuchPolicy: (404, "no_such_policy"),
    registry.NotYourDevice: (404, "not_your_device"),
    LinkSpent: (404, "link_spent"),
    records.NothingOnFile: (404, "nothing_on_file"),
    NotHeld: (404, "nothing_on_file"),
    Erased: (401, "not_signed_in"),
    NoSuchSubject: (401, "not_signed_in"),
    stock.AlreadyBound: (409, "already_bound"),
    registration.NotTheText: (409, "not_the_text"),
    choices.NotAChoice: (409, "not_a_choice"),
    contact.BadPhone: (422, "bad_phone"),
    contact.BadEmail: (422, "bad_email"),
    age.BadBirthDate: (422, "bad_birth_date"),
    passwords.WeakPassword: (422, "weak_password"),
    stock.UnfitSerial: (422, "unfit_serial"),
    NotStorable: (422, "not_storable"),
    WrongForm: (422, "wrong_form"),
    BadBusinessHours: (422, "bad_business_hours"),
    tries.TooManyTries: (429, "too_many_tries"),
    Unavailable: (503, "unavailable"),
    door.Unavailable: (503, "unavailable"),
}
