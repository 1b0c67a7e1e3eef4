"""Exports on the wire: what to write into a CSV file, and how far that is."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.fields import ContractSchema, Flag, Text, one_of

ORDER = "order"
EXPORTED_OBJECTS = (
    *(ORDER, "voucher", "redemption", "publication", "customer"),
    *("points_expiration", "voucher_transactions", "product", "sku"),
)
STATUSES = ("SCHEDULED", "IN_PROGRESS", "DONE", "ERROR")
MOST_FIELDS = 500


class ExportParameters(ContractSchema):
    """Which rows and which fields of them, in which order; ``campaign_id`` is for vouchers only.

    ``neutralise_formulas`` is this engine's own: text that a spreadsheet would take for a formula gets a ``'`` before
    it.
    """

    order = Text()
    field_names = fields.List(
        Text(),
        data_key="fields",
        validate=validate.Length(max=MOST_FIELDS, error=f"must not have more than {MOST_FIELDS} items"),
    )
    filters = fields.Dict()
    campaign_id = Text()
    neutralise_formulas = Flag()


class OrderExportRequest(ContractSchema):
    """Orders to export."""

    parameters = fields.Nested(ExportParameters)


class ExportRequest(OrderExportRequest):
    """Something to export."""

    exported_object = fields.String(required=True, validate=one_of(*EXPORTED_OBJECTS))


class ExportResult(ContractSchema):
    """Where the file is; the address holds a token and works for an hour."""

    url = Text(longest=2000)


class Export(ContractSchema):
    """An export; ``result`` is null while there is no file: before it is DONE, and when its time to be kept is over.

    ``progress`` (0 to 100) and, of one that ended in ERROR, ``error.message`` are this engine's own.
    """

    id = Text()
    object = fields.String(validate=one_of("export"))
    created_at = Text()
    status = fields.String(validate=one_of(*STATUSES))
    channel = fields.String(validate=one_of("API"))
    exported_object = fields.String(validate=one_of(*EXPORTED_OBJECTS))
    parameters = fields.Nested(ExportParameters)
    result = fields.Nested(ExportResult, allow_none=True)
    user_id = fields.String(allow_none=True)
    progress = fields.Integer()
    error = fields.Dict()


class ExportList(ContractSchema):
    """A page of exports."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("exports"))
    exports = fields.List(fields.Nested(Export))
    total = fields.Integer()
