"""Run a learner's code: read, load, call and record it, in this process or in a separate one."""
