"""Files: where they are kept, written whole, fetched, and weights in them."""
