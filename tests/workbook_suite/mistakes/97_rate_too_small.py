"""Steps that are too short."""

# case: NumPy, whole file; exercise: better_recipe; base: small_steps
# old:
recipe["learning_rate"] = 0.006
# new:
recipe["learning_rate"] = 0.0003


# case: loops, whole file; exercise: better_recipe; base: small_steps_loops
# old:
return dict(loss="cross_entropy", learning_rate=0.4, schedule="cosine", warmup=0.1)
# new:
return {"learning_rate": 0.1}


# case: PyTorch, whole file; exercise: better_recipe; base: small_steps_torch
# old:
"loss": "cross_entropy", "optimizer": "momentum", "learning_rate": 0.04, "schedule": "linear",
# new:
"loss": "cross_entropy", "optimizer": "momentum", "learning_rate": 0.002, "schedule": "linear",
