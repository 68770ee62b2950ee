"""Where a learner's code runs: read, loaded, called, watched; in this process, or in one of its own."""
