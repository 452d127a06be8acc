"""The data that was released with LeWorldModel, as worlds."""
