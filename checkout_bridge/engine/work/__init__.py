"""What a worker does with the engine's database: imports and exports, each once, whoever is killed meanwhile."""
