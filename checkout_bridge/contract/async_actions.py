"""Asynchronous actions on the wire: work for later, and how far it is."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Text, one_of

ORDERS_IMPORT = "ORDERS.IMPORT"
VOUCHERS_GENERATE, VOUCHERS_DELETE = "CAMPAIGN.VOUCHERS_GENERATE", "CAMPAIGN.VOUCHERS_DELETE"
STATUSES = ("ENQUEUED", "IN_PROGRESS", "DONE", "FAILED")
OPERATION_STATUSES = ("SUCCESS", "FAILED", "UNKNOWN")


class AsyncActionListed(ContractSchema):
    """An asynchronous action without its result.

    ``progress`` is in per cent, ``processing_time`` in milliseconds. ``operation_status`` is UNKNOWN until the action
    has ended; SUCCESS does not mean that all rows succeeded: the result tells those that did not.
    """

    id = Text()
    type = Text()
    status = fields.String(validate=one_of(*STATUSES))
    operation_status = fields.String(validate=one_of(*OPERATION_STATUSES))
    progress = fields.Integer()
    processing_time = fields.Integer()
    request_id = fields.String(allow_none=True)
    created_at = Text()
    updated_at = fields.String(allow_none=True)
    object = fields.String(validate=one_of("async_action"))


class AsyncActionAnswer(AsyncActionListed):
    """An asynchronous action. ``result`` is null until it has ended.

    Of an import of orders it is ``{message, failed[{source_id, index, reason}], done_count, failed_count}``, where
    ``index`` is the order's place in the array that was sent; of vouchers ``{message, done_count}``.
    """

    result = fields.Dict(allow_none=True)


class AsyncActionList(ContractSchema):
    """The newest asynchronous actions, those of before ``end_date`` when that is asked for."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("async_actions"))
    async_actions = fields.List(fields.Nested(AsyncActionListed))
    has_more = fields.Boolean()
