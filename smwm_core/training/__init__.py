"""Training: what a run is, and the loops that train toy models and vision transformers."""
