"""Within the budget, and not enough."""

# case: NumPy, whole file; exercise: better_recipe; base: small_steps
# old:
recipe["loss"] = "cross_entropy"
# new:
recipe["loss"] = "l2"


# case: loops, whole file; exercise: better_recipe; base: small_steps_loops
# old:
return dict(loss="cross_entropy", learning_rate=0.4, schedule="cosine", warmup=0.1)
# new:
return dict(learning_rate=0.5)


# case: PyTorch, whole file; exercise: better_recipe; base: small_steps_torch
# old:
"hidden": 64, "epochs": 3, "batch_size": 16,
# new:
"hidden": 16, "epochs": 3, "batch_size": 16,
