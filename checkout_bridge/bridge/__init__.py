"""What happens around a shop's requests: quote, redeem, confirm, and give back when the order does not stand."""
