"""Placeholder."""


class FrameStore:
    pass
