"""What no generator can know. Each operation is called with the token of someone who may do it; and
in every part of a call that is meant to be valid, sealed values (tokens, cursors, ETags) are real
or left out, the Idempotency-Key is fresh, and nothing is said that only an importer may say. A part
that is meant to be wrong stays as it was generated."""

import os
import uuid

import schemathesis
from schemathesis.core.parameters import ParameterLocation

KINDS = ["idea", "statement", "discussion"]
IMPORTERS_FIELDS = ("author", "external_id", "id", "occurred_at", "person")


def is_done_by_a_person(case):
    """The rest is an operator's work: platforms, spaces, kinds, people, tokens, imports."""
    return "/contributions" in case.path or "/comments" in case.path


def mend(case):
    """Rules that look at the time, at other fields or at the platform's history."""
    body = case.body
    for name in IMPORTERS_FIELDS:
        if name == "id" or is_done_by_a_person(case):
            body.pop(name, None)
    if "body" in body:
        body["body"] = body["body"].strip() or "Tekst"
    if "body" in body and "/comments" not in case.path:
        body["title"] = body.get("title", "").strip()[:100] or "Toets"
    if body.get("kind") not in (None, *KINDS):
        body["kind"] = "idea"
    if body.get("verdict") == "accepted":
        body.pop("reason", None)
    if {"import", "operate"} & set(body.get("scopes", ())):
        body.pop("person", None)
    body.pop("closes_at", None)
    form = {} if is_done_by_a_person(case) else []  # values of a form, or the form of a kind
    for name, value in (("expires_at", os.environ["tomorrow"]), ("kinds", KINDS), ("form", form)):
        if name in body:
            body[name] = value


@schemathesis.auth(refresh_interval=None)
class Tokens:
    def get(self, case, context):
        return os.environ["person_token" if is_done_by_a_person(case) else "operator_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    meta = case.meta
    is_sound = {part: meta is None or not meta.is_negative_at(part) for part in ParameterLocation}
    if is_sound[ParameterLocation.HEADER]:
        for name, value in (("Meent-After", os.environ["written"]), ("If-Match", '"r1"'),
                            ("Idempotency-Key", uuid.uuid4().hex)):
            if name in case.headers:
                case.headers[name] = value
        case.headers.pop("Last-Event-ID", None)
    elif getattr(meta.phase.data, "parameter", None) == "Authorization":
        # Only the missing token is wrong.
        case.headers.pop("Meent-After", None)
    if is_sound[ParameterLocation.QUERY]:
        for name in ("after", "cursor"):
            case.query.pop(name, None)
    if is_sound[ParameterLocation.BODY] and isinstance(case.body, dict):
        mend(case)
    own_token = os.environ["person_token_id"]
    if case.method == "DELETE" and case.path_parameters.get("token") == own_token:
        case.path_parameters["token"] = "0" * 32
