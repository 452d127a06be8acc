"""Losses: pure functions, and the objective that weighs them."""
