"""The record of experiments: budgets, runs, checkpoints, tasks and results."""
