"""Notebooks: how they are executed, and their exercises."""
