"""Customer segments on the wire: customers by name, or whoever matches a filter."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.fields import ContractSchema, Text, one_of

MOST_CUSTOMERS = 20_000
_at_most = validate.Length(max=MOST_CUSTOMERS, error=f"must not have more than {MOST_CUSTOMERS} items")


class SegmentUpdate(ContractSchema):
    """What may change of a segment: ``customers`` (ids or source ids) of a static one, else ``filter``.

    Some SDKs say ``customer`` for ``customers``.
    """

    name = Text()
    type = fields.String(validate=one_of("static", "auto-update", "passive"))
    customers = fields.List(Text(), validate=_at_most)
    customer = fields.List(Text(), validate=_at_most)
    filter = fields.Dict()


class SegmentRequest(SegmentUpdate):
    """A segment to create."""

    name = Text(required=True)
    type = fields.String(required=True, validate=one_of("static", "auto-update", "passive"))


class SegmentAnswer(ContractSchema):
    """A stored segment; its customers are told where one asks for a customer's segments."""

    id = Text()
    name = Text()
    type = fields.String(validate=one_of("static", "auto-update", "passive"))
    filter = fields.Dict()
    initial_sync_status = fields.String(validate=one_of("DONE"))
    object = fields.String(validate=one_of("segment"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class SegmentList(ContractSchema):
    """A page of segments, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(SegmentAnswer))
    total = fields.Integer()


class SimpleSegment(ContractSchema):
    """The form in the segments of a customer."""

    id = Text()
    name = Text()
    object = fields.String(validate=one_of("segment"))


class CustomerSegments(ContractSchema):
    """The segments that a customer is in, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(SimpleSegment))
    total = fields.Integer()
