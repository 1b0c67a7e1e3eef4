"""Work in the background: a queue that rings, and the worker that answers. What is to be done is in the databases."""
