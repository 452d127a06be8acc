"""Tables that notebooks and pages show, made from result files."""
