"""The states in the life of an order, and of what its refunds move."""

from __future__ import annotations

INTENDED = "intended"  # the row is committed, the promotions API may or may not have been called
DEFERRED = "deferred"  # the shop goes on; to be redeemed once the promotions API is in reach again
REDEEMED = "redeemed"  # redeemed upstream; the shop has not confirmed its order
CONFIRMED = "confirmed"  # the shop has the order
FAILED = "failed"  # nothing was redeemed
UNWINDING = "unwinding"  # to be given back; may or may not have happened upstream
UNWOUND = "unwound"  # given back
STUCK = "stuck"  # the promotions API refuses to give it back: a person must look
REVIEW = "review"  # two things claim to be one order: a person must look

# A refund, and what it moves on one card: committed, moved, or STUCK; KEPT is a share that nobody gets.
PLANNED, DONE, KEPT = "planned", "done", "kept"
# The end of an order has no refund's id, nor has what is taken off again when coupons are let go of before it; no door
# lets such ids in.
ENDING, RELEASE = "", "\n"

STATES = (INTENDED, DEFERRED, REDEEMED, CONFIRMED, FAILED, UNWINDING, UNWOUND, STUCK, REVIEW)
STANDING = (REDEEMED, CONFIRMED)
# From where everything can be given back.
MAY_UNWIND = (REDEEMED, CONFIRMED, FAILED, STUCK, REVIEW)
