"""A storm over served bridges: real calls, each repeated until it is answered, while processes are killed at random."""
