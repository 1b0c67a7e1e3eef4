"""The resources of the contract, one module each; a method is one request."""
