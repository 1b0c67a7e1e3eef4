"""Access tokens on the wire: what may be asked with one, and what is told of it."""

from __future__ import annotations

from marshmallow import ValidationError, fields

from checkout_bridge.contract.fields import ContractSchema, Text, one_of

EVERYTHING = "api"
# Each of these opens the paths that begin with its name.
_PARTS = (
    *("assets", "async-actions", "campaigns", "categories", "consents", "customers", "events", "exports", "locations"),
    *("loyalties", "metadata-schemas", "orders", "product-collections", "products", "promotions", "publications"),
    *("qualifications", "redemptions", "referrals", "rewards", "segments", "skus", "task-results", "templates"),
    *("trash-bin", "validation-rules", "validation-rules-assignments", "validations", "vouchers"),
)
SCOPES = frozenset({EVERYTHING, *_PARTS})


class Scope(Text):
    """Names of scopes with spaces between them, each once."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> str:
        names = list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs).split()))
        if not names:
            raise ValidationError("must name a scope")
        if any(name.startswith("client_") for name in names):
            raise ValidationError("names scopes of browsers, which are not supported by this engine")
        if not SCOPES.issuperset(names):
            raise ValidationError(f"must hold only these scopes, separated by spaces: {', '.join(sorted(SCOPES))}")
        return " ".join(names)


class TokenRequest(ContractSchema):
    """What an access token is asked for with; the keys say for whom."""

    grant_type = Text(required=True, validate=one_of("client_credentials"))
    scope = Scope(required=True, longest=1000)


class TokenName(ContractSchema):
    """The token that a request is about."""

    access_token = Text(required=True)


class TokenAnswer(ContractSchema):
    """A token, and until when it opens what its scope names: ``expires_at`` in seconds since 1970, ``expires_in``."""

    access_token = Text()
    client_id = Text()
    expires_at = fields.Integer()
    expires_in = fields.Integer()
    scope = Text()
    token_type = fields.String(validate=one_of("Bearer"))


class TokenDetails(TokenAnswer):
    """A token, and whether it opens anything at all."""

    active = fields.Boolean()
