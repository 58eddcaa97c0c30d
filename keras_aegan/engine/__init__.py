"""How training runs: players, terms and `minimize`, groups of steps, files and endpoints."""
