"""The contract suite: what every platform's plugin promises, as tests that its samples drive."""
