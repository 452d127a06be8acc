"""Recorded episodes, their frames, and the world of several steps that is made of them."""
