"""The door: one clear sentence for what cannot be meant. Imports nothing of the package."""
