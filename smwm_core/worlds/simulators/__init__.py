"""Worlds that step: the simulators of the planning tasks."""
