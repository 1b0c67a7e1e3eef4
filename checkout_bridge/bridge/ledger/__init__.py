"""The durable memory of the bridge: which redemption belongs to which order, and what was given back."""
