"""Which status and which word an error gets on the wire, by class; the nearest class in its line counts."""

from __future__ import annotations

from collections.abc import Mapping

from troth.app.doors.base import Unavailable
from troth.app.doors.requests import TwoSteps, UnknownSparing
from troth.app.doors.staff import NobodyThere
from troth.breach import incidents
from troth.breach.moves import NoSuchTurn
from troth.cessation import ends
from troth.devices import door, names, registry, stock
from troth.functions import audit
from troth.functions.business_hours import BadBusinessHours
from troth.gate import NoSuchPolicy
from troth.ledger import NoSuchSubject
from troth.retention import orders
from troth.rights import desk, effects, minors
from troth.rights.moves import NoSuchMove
from troth.rights.rows import NoSuchRequest
from troth.rights.steps import NoSuchStep
from troth.sharing import register
from troth.subjects import (
    accounts,
    age,
    choices,
    codes,
    contact,
    guardians,
    new_password,
    passwords,
    records,
    registration,
    services,
    staff,
    tries,
)
from troth.subjects.matters import NoSuchMatter
from troth.subjects.sessions import NoSuchSession, NotSignedIn
from troth.vault import Erased, LinkSpent, NotHeld, NotKept, NotStorable, WrongForm
from troth.vault.erasure import NoSuchErasure
from troth.vault.media import TooManyUploads
from troth.vault.objects import SegmentMissing
from troth.vault.upload import NoRoom, TooLarge, UploadLapsed

STATUSES: Mapping[type, tuple[int, str]] = {
    NotSignedIn: (401, "not_signed_in"),
    NoSuchSession: (404, "no_such_session"),
    accounts.SignInRefused: (401, "sign_in_refused"),
    staff.NotStaff: (401, "not_staff"),
    staff.WrongRole: (403, "wrong_role"),
    records.NotYoursToState: (403, "not_yours_to_state"),
    records.NotListed: (403, "not_listed"),
    records.NotThisWay: (403, "not_this_way"),
    codes.WrongCode: (403, "wrong_code"),
    stock.WrongCode: (403, "wrong_code"),
    NoSuchMove: (403, "no_such_move"),
    NoSuchRequest: (404, "no_such_request"),
    desk.NoSuchRight: (404, "no_such_right"),
    NobodyThere: (404, "nobody_there"),
    NoSuchErasure: (404, "no_such_erasure"),
    NoSuchStep: (409, "no_such_step"),
    desk.NotThisWay: (409, "not_this_way"),
    TwoSteps: (409, "two_steps"),
    desk.ProofMissing: (409, "proof_missing"),
    desk.GroundUnlisted: (409, "ground_unlisted"),
    desk.FactsMissing: (422, "facts_missing"),
    desk.NoFee: (409, "no_fee"),
    desk.NotYet: (422, "not_yet"),
    effects.WhichFunction: (422, "which_function"),
    effects.NotWarned: (409, "not_warned"),
    minors.NoAgeAsked: (409, "no_age_asked"),
    effects.EndsTheAccount: (409, "ends_the_account"),
    UnknownSparing: (409, "unknown_sparing"),
    NoSuchMatter: (404, "no_such_matter"),
    NoSuchTurn: (409, "no_such_turn"),
    ends.TooSoon: (422, "too_soon"),
    ends.NoSuchFunction: (422, "no_such_function"),
    incidents.NotAffected: (422, "not_affected"),
    incidents.NotKnownYet: (422, "not_known_yet"),
    incidents.PartsMissing: (409, "parts_missing"),
    incidents.NoSuchPart: (422, "no_such_part"),
    incidents.NotToBeClosed: (409, "not_to_be_closed"),
    NoSuchPolicy: (404, "no_such_policy"),
    register.NoSuchKind: (422, "no_such_kind"),
    register.NoSuchPaper: (422, "no_such_paper"),
    register.NotAName: (422, "not_a_name"),
    register.NothingNamed: (422, "nothing_named"),
    register.NoSuchReceiver: (404, "no_such_receiver"),
    orders.NoPaper: (422, "no_paper"),
    orders.NoSuchOrder: (404, "no_such_order"),
    orders.NothingToKeep: (409, "nothing_to_keep"),
    orders.OrderOver: (422, "order_over"),
    orders.OrderTooLong: (422, "order_too_long"),
    names.UnknownKind: (422, "unknown_kind"),
    audit.NotAtTills: (404, "not_at_tills"),
    audit.NoSuchFlag: (404, "no_such_flag"),
    registry.NotYourDevice: (404, "not_your_device"),
    registry.NotThisDevice: (401, "not_this_device"),
    TooLarge: (413, "too_large"),
    NoRoom: (413, "no_room"),
    TooManyUploads: (429, "too_many_uploads"),
    UploadLapsed: (409, "upload_lapsed"),
    NotKept: (409, "not_kept"),
    SegmentMissing: (503, "segment_missing"),
    LinkSpent: (404, "link_spent"),
    services.NotItsEvent: (422, "not_its_event"),
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
    guardians.NoGuardianAsked: (409, "no_guardian_asked"),
    guardians.NotTheirWord: (403, "not_their_word"),
    new_password.TakesNoPassword: (409, "takes_no_password"),
    passwords.WeakPassword: (422, "weak_password"),
    stock.UnfitSerial: (422, "unfit_serial"),
    NotStorable: (422, "not_storable"),
    WrongForm: (422, "wrong_form"),
    BadBusinessHours: (422, "bad_business_hours"),
    tries.TooManyTries: (429, "too_many_tries"),
    Unavailable: (503, "unavailable"),
    door.Unavailable: (503, "unavailable"),
}
