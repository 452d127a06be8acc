"""What benchmarks measure and leave behind."""
