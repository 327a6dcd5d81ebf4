"""The closed words of `statements`: of a policy as a whole, of rights, recipients, safety and change.

Each word has a meaning in code or in a workflow; a maker cannot add one. Names follow the catalogue.
"""

from __future__ import annotations

from enum import StrEnum


class Freedom(StrEnum):
    """What the text says of a function's freedom to refuse; basis and start say what is enforced."""

    REQUIRED_FOR_SERVICE = "required_for_service"
    REQUIRED_FOR_FUNCTION = "required_for_function"
    USER_INITIATED = "user_initiated"
    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    DEFAULT_ON = "default_on"
    NOT_STATED = "not_stated"


class Constraint(StrEnum):
    """What a function must keep to beyond items and purposes."""

    PERMISSIONS_GRANTED = "permissions_granted"
    IDENTIFY_NOBODY = "identify_nobody"
    SHARED_ONLY_WITH_CONSENT = "shared_only_with_consent"
    CLOSED_TO_MAKER = "closed_to_maker"
    USERS_ONLY = "users_only"
    DUTY_TO_PEOPLE_FILMED = "duty_to_people_filmed"
    DATA_OF_OTHER_FUNCTIONS = "data_of_other_functions"
    CARE_ASKED_FOR = "care_asked_for"
    AVOIDED_BY_NOT_CLICKING = "avoided_by_not_clicking"
    DATA_OF_OTHERS = "data_of_others"
    ONLY_WHAT_IS_PICKED = "only_what_is_picked"


class Owner(StrEnum):
    """Whose product or service something is."""

    CONTROLLER = "controller"
    AFFILIATE = "affiliate"
    THIRD_PARTY = "third_party"


class Aspect(StrEnum):
    """What a reader of the policy may have to decide."""

    PRECEDENCE = "precedence"
    LANGUAGES = "languages"
    HEADINGS = "headings"
    APPEARANCE = "appearance"
    OWNERSHIP = "ownership"
    DATES = "dates"
    BASIC_INFORMATION = "basic_information"
    DISCLAIMERS = "disclaimers"
    CONFIDENTIALITY = "confidentiality"
    HANDLING = "handling"
    RIGHTS = "rights"


class Reading(StrEnum):
    """How it is decided."""

    SPECIFIC_FIRST = "specific_first"
    STRICTER = "stricter"
    BODY_DECIDES = "body_decides"
    PRODUCT_DECIDES = "product_decides"
    CONTROLLER_BY_CHANGE_RULES = "controller_by_change_rules"
    LATER = "later"
    WHEN_LOADED = "when_loaded"
    PER_FUNCTION = "per_function"
    LAW_PREVAILS = "law_prevails"
    ONLY_BY_CLAUSE = "only_by_clause"
    SAME_FOR_ALL = "same_for_all"


class Term(StrEnum):
    """Terms that a policy defines."""

    PERSONAL = "personal"
    SENSITIVE = "sensitive"
    IDENTITY = "identity"
    NON_PERSONAL = "non_personal"
    ANONYMISED = "anonymised"
    SERVICE = "service"
    USER = "user"
    OPERATION_DATA = "operation_data"
    AGENT = "agent"


class Test(StrEnum):
    """What must hold for a thing to be what a term says."""

    IDENTIFIES_NOBODY = "identifies_nobody"
    IRREVERSIBLE = "irreversible"
    PERSONAL_WHILE_JOINED = "personal_while_joined"
    IDENTIFIES_OR_REFLECTS = "identifies_or_reflects"
    MAY_ENDANGER = "may_endanger"
    IDENTIFIES_USER = "identifies_user"
    FULL_CAPACITY = "full_capacity"
    SUPPLIED_THE_DEVICE = "supplied_the_device"


class Emphasis(StrEnum):
    """What stands out in the text."""

    RIGHTS = "rights"
    SENSITIVE = "sensitive"


class Topic(StrEnum):
    """What a reader may look up; each must be told of somewhere."""

    COLLECTION = "collection"
    TRACKERS = "trackers"
    SHARING = "sharing"
    PROTECTION = "protection"
    RIGHTS = "rights"
    CHILDREN = "children"
    ABROAD = "abroad"
    RETENTION = "retention"
    CHANGES = "changes"
    CONTACT = "contact"


class Principle(StrEnum):
    """Principles to which rules of `check` answer."""

    RIGHTS_AND_DUTIES = "rights_and_duties"
    CLEAR_PURPOSE = "clear_purpose"
    CONSENT = "consent"
    LEAST_SUFFICIENT = "least_sufficient"
    SECURITY = "security"
    PARTICIPATION = "participation"
    OPENNESS = "openness"


class Repurposed(StrEnum):
    """What data may be wanted for beyond the purpose it was collected for."""

    UNSTATED = "unstated"
    OTHER_STATED = "other_stated"
    NEW_FUNCTION = "new_function"
    PERSONALISED_DISPLAY = "personalised_display"


class Ask(StrEnum):
    """Whether the person is asked first; never: it is not done, whoever would agree."""

    CONSENT = "consent"
    CONSENT_UNLESS_LINKED = "consent_unless_linked"
    NEVER = "never"


class Tech(StrEnum):
    """Ways to recognise a browser or an app again."""

    COOKIE = "cookie"
    WEB_BEACON = "web_beacon"
    PIXEL_TAG = "pixel_tag"
    PROXY = "proxy"
    CLICK_URL = "click_url"


class TrackerUse(StrEnum):
    """What recognising is for."""

    SKIP_RE_ENTRY = "skip_re_entry"
    TRANSACTION_SAFETY = "transaction_safety"
    FIND_FAULTS = "find_faults"
    VERIFY_IDENTITY = "verify_identity"
    KEEP_SECURE = "keep_secure"
    KEEP_PREFERENCES = "keep_preferences"
    KEEP_BASKET = "keep_basket"
    BETTER_SERVICES = "better_services"
    KNOW_PREFERENCES = "know_preferences"
    IMPROVE_CUSTOMER_SERVICE = "improve_customer_service"
    ADVERTISING = "advertising"


class Manage(StrEnum):
    """How a person keeps it away."""

    DELETE = "delete"
    CLEAR_IN_APP = "clear_in_app"
    REFUSE_IN_BROWSER = "refuse_in_browser"
    NOT_CLICK = "not_click"
    UNSUBSCRIBE = "unsubscribe"
    SYSTEM_SETTINGS = "system_settings"


class Cost(StrEnum):
    """What keeping it away may cost; told once."""

    POORER_EXPERIENCE = "poorer_experience"
    SOME_SERVICES = "some_services"
    SETTINGS_EACH_VISIT = "settings_each_visit"
    EARLIER_RECORDS = "earlier_records"
    SAFETY = "safety"


class Stop(StrEnum):
    """What ends it."""

    ACCOUNT_CANCELLED = "account_cancelled"
    SIGNED_OUT = "signed_out"
    SWITCHED_OFF = "switched_off"
    UNSUBSCRIBED = "unsubscribed"


class Act(StrEnum):
    """What may be done with data beyond the function only in listed cases."""

    SHARE = "share"
    CALL_SDK = "call_sdk"
    DELEGATE = "delegate"
    TRANSFER = "transfer"
    DISCLOSE = "disclose"
    ABROAD = "abroad"
    SELF_START = "self_start"
    LEAVE = "leave"


class Condition(StrEnum):
    """A fact that must be on record before a case applies."""

    CONSENT = "consent"
    SEPARATE_CONSENT = "separate_consent"
    REQUEST = "request"
    OWN_CHOICE = "own_choice"
    AUTHORISATION_OF_RECEIVER = "authorisation_of_receiver"
    REGISTERED = "registered"
    NECESSARY_ONLY = "necessary_only"
    STATED_PURPOSE = "stated_purpose"
    FUNCTION_NEEDS_IT = "function_needs_it"
    AGREEMENT = "agreement"
    CONFIDENTIALITY = "confidentiality"
    SECURITY_MEASURES = "security_measures"
    INSTRUCTIONS = "instructions"
    MONITORED = "monitored"
    IN_SCOPE = "in_scope"
    SIGNED_AGREEMENT = "signed_agreement"
    LAW = "law"
    EXPRESS_LAW = "express_law"
    ORDER = "order"
    PUBLIC_INTEREST = "public_interest"
    DANGER = "danger"
    DOCUMENT = "document"
    AGGREGATED = "aggregated"
    DEIDENTIFIED = "deidentified"
    IRREVERSIBLE = "irreversible"
    LEGITIMATE_PURPOSE = "legitimate_purpose"
    NOTICE = "notice"
    RECEIVER_BOUND = "receiver_bound"
    SAFEGUARD = "safeguard"
    ACCOUNT_LABEL_ONLY = "account_label_only"
    NATIONAL_RULES = "national_rules"
    ON_SITE_VERIFICATION = "on_site_verification"
    LEGAL_CHECKLIST = "legal_checklist"
    ASSESSMENT = "assessment"
    LOGGED = "logged"
    RATE_LIMITED = "rate_limited"
    FULL_ENTRY = "full_entry"
    EQUAL_PROTECTION = "equal_protection"
    DELETED_AFTERWARDS = "deleted_afterwards"


class Document(StrEnum):
    """Papers that an authority shows."""

    SUBPOENA = "subpoena"
    INVESTIGATION_LETTER = "investigation_letter"


class Receiver(StrEnum):
    """Kinds of others."""

    SDK = "sdk"
    PROCESSOR = "processor"
    PARTNER = "partner"
    AFFILIATE = "affiliate"
    AGENTS = "agents"
    LOCAL_SERVICE_PROVIDERS = "local_service_providers"
    SALES_EQUIPMENT_DISTRIBUTORS = "sales_equipment_distributors"
    APPLICATION_DEVELOPERS = "application_developers"
    ADVERTISERS = "advertisers"
    RESEARCHERS = "researchers"
    AUTHORITY = "authority"
    COUNTERPARTY = "counterparty"
    SUCCESSOR = "successor"
    PUBLIC = "public"
    ANYONE = "anyone"


class DeleteGround(StrEnum):
    """When a person may have data deleted."""

    UNLAWFUL = "unlawful"
    NO_CONSENT = "no_consent"
    BREACH = "breach"
    STOPPED_USE = "stopped_use"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    SHARED_UNLAWFULLY = "shared_unlawfully"
    DISCLOSED_UNLAWFULLY = "disclosed_unlawfully"


class RefuseGround(StrEnum):
    """When a request is not met; the facts are recorded."""

    DUTY = "duty"
    SECURITY = "security"
    PUBLIC = "public"
    CRIMINAL = "criminal"
    MALICE = "malice"
    LIFE = "life"
    HARM = "harm"
    SECRETS = "secrets"


class Unreasonable(StrEnum):
    """When a request may be turned down as unreasonable."""

    REPEATED = "repeated"
    EXCESSIVE_MEANS = "excessive_means"
    RISK_TO_OTHERS = "risk_to_others"
    IMPRACTICAL = "impractical"


class RequestRule(StrEnum):
    """What holds for every request."""

    SELF_SERVICE = "self_service"
    OTHER_WAY = "other_way"
    VERIFY = "verify"
    FREE = "free"
    REFUSE_UNREASONABLE = "refuse_unreasonable"
    DISSATISFIED = "dissatisfied"
    REGULATORS = "regulators"
    TELL_RECIPIENTS = "tell_recipients"


class Regulator(StrEnum):
    """Authorities that hear complaints."""

    CYBERSECURITY = "cybersecurity"
    TELECOMMUNICATIONS = "telecommunications"
    PUBLIC_SECURITY = "public_security"
    MARKET_REGULATION = "market_regulation"


class Proof(StrEnum):
    """What is shown before a request is handled."""

    IDENTITY = "identity"
    WRITTEN_REQUEST = "written_request"
    DEATH = "death"
    KINSHIP = "kinship"


class Part(StrEnum):
    """Parts of what people know, hold or are told."""

    BASIC = "basic"
    STORE = "store"
    DEVICE = "device"
    FEEDBACK = "feedback"
    ORDERS = "orders"
    IDENTITY = "identity"
    SITUATION_AND_IMPACT = "situation_and_impact"
    MEASURES = "measures"
    SELF_PROTECTION_ADVICE = "self_protection_advice"
    REMEDIES = "remedies"
    RULE_AND_INPUTS = "rule_and_inputs"
    PAYMENT = "payment"
    PASSWORD = "password"  # noqa: S105 - the name of a part
    SECURITY_INFORMATION = "security_information"
    ACCOUNT_CLOSURE = "account_closure"


class Way(StrEnum):
    """Ways to take a consent back."""

    DELETE_INFORMATION = "delete_information"
    TURN_OFF_DEVICE_FUNCTIONS = "turn_off_device_functions"
    PRIVACY_PAGE = "privacy_page"
    UNSUBSCRIBE_IN_MESSAGE = "unsubscribe_in_message"


class Consequence(StrEnum):
    """What a right does once it is used."""

    FUNCTION_ENDS = "function_ends"
    PROCESSING_STOPS = "processing_stops"
    EARLIER_STAYS_LAWFUL = "earlier_stays_lawful"
    SERVICE_STOPS = "service_stops"
    DATA_ERASED = "data_erased"


class Measure(StrEnum):
    """How data is kept safe."""

    TLS = "tls"
    ENCRYPTION = "encryption"
    CLASSIFICATION = "classification"
    ATTACK = "attack"
    AUDIT = "audit"
    ISOLATION = "isolation"
    SELF_CHECK = "self_check"
    LEAST_COLLECTED = "least_collected"
    CLIENT = "client"
    UNENCRYPTED_WARNING = "unencrypted_warning"
    RISKS = "risks"
    LIABILITY = "liability"
    OWN_PLATFORM = "own_platform"
    NETWORK_ISOLATION = "network_isolation"


class Risk(StrEnum):
    """What may happen to data."""

    LEAK = "leak"
    DAMAGE = "damage"
    MISUSE = "misuse"
    UNAUTHORISED_ACCESS = "unauthorised_access"
    DISCLOSURE = "disclosure"
    CHANGE = "change"
    THEFT = "theft"
    LOSS = "loss"


class Bound(StrEnum):
    """How a law's period binds: it is a minimum, and we keep nothing longer."""

    MINIMUM = "minimum"


class Per(StrEnum):
    """What a hold is on. There is no word for an account."""

    RECORD = "record"


class Survives(StrEnum):
    """What a hold outlives."""

    CANCEL = "cancel"


class BreachStep(StrEnum):
    """What is done about a breach."""

    PLAN = "plan"
    REPORT = "report"
    CONTENTS = "contents"
    CHANNELS = "channels"
    ANNOUNCE = "announce"
    REGULATOR = "regulator"


class MinorRule(StrEnum):
    """What holds for those under age, beyond who may be a subject."""

    NO_MARKETING = "no_marketing"
    PARENTAL_CONSENT = "parental_consent"
    SENSITIVE_UP_TO = "sensitive_up_to"
    GUARDIAN_CONTACT = "guardian_contact"
    FULL_CAPACITY = "full_capacity"
    LIMITED_USE = "limited_use"
    FOUND_WITHOUT_CONSENT = "found_without_consent"


class MinorGround(StrEnum):
    """What use of a minor's data may rest on, where a policy limits it."""

    LAW = "law"
    GUARDIAN_CONSENT = "guardian_consent"
    PROTECTION = "protection"


class ChangeRule(StrEnum):
    """What holds when the policy changes."""

    PUBLISH = "publish"
    PROMINENT = "prominent"
    LESS_RIGHTS = "less_rights"
    CONTINUED_USE = "continued_use"
    ARCHIVE = "archive"
    REVISION = "revision"


class Occasion(StrEnum):
    """When something is shown."""

    SIGN_IN = "sign_in"
    UPDATE = "update"


class Touched(StrEnum):
    """What a change may touch that makes it a major one."""

    MODEL = "model"
    OBJECTS = "objects"
    RIGHTS = "rights"
    DEPARTMENT = "department"
    RISK = "risk"


class CessationStep(StrEnum):
    """What is done when a service ends."""

    STOP = "stop"
    NOTICE = "notice"
    ERASE = "erase"


class UserDuty(StrEnum):
    """What the text asks of the person, and what we do about it."""

    COMPLEX_PASSWORD = "complex_password"  # noqa: S105 - the name of a duty
    REPORT_LEAK = "report_leak"
    READ_OTHER_POLICY = "read_other_policy"
    AUTHORISE_OTHERS = "authorise_others"


class Response(StrEnum):
    """What we do when the person does, or does not."""

    WEAK_REFUSED = "weak_refused"
    SESSIONS_REVOKED = "sessions_revoked"
    LEAVE_NOTICE = "leave_notice"
    CASE_OPENED = "case_opened"
    STATEMENT_ASKED = "statement_asked"


class Office(StrEnum):
    """Whose desk a way of reaching the controller ends at."""

    DATA_PROTECTION_OFFICER = "data_protection_officer"
    CUSTOMER_SERVICE = "customer_service"


class Matter(StrEnum):
    """What a law is relied upon for."""

    CONSENT = "consent"
    RETENTION = "retention"
    REQUESTS = "requests"
