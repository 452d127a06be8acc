"""Analysis: what a frozen latent holds."""
