"""What redeemables are worth on an order. Pure: no I/O, no clock; amounts are integer minor units."""
