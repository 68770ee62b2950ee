"""More than the budget allows."""

# case: NumPy, whole file; exercise: better_recipe; base: small_steps
# old:
recipe["schedule"] = "linear"
# new:
recipe["schedule"] = "linear"
recipe["epochs"] = 10


# case: loops, whole file; exercise: better_recipe; base: small_steps_loops
# old:
return dict(loss="cross_entropy", learning_rate=0.4, schedule="cosine", warmup=0.1)
# new:
return dict(loss="cross_entropy", learning_rate=0.4, hidden=256)


# case: PyTorch, whole file; exercise: better_recipe; base: small_steps_torch
# old:
"hidden": 64, "epochs": 3, "batch_size": 16,
# new:
"hidden": 64, "epochs": 3, "batch_size": 4,
