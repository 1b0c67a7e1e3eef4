"""What the engine does: each function works inside one transaction and answers in the contract's words."""
