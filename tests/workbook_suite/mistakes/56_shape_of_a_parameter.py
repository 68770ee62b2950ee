"""Shape of a parameter."""

# case: NumPy, whole file; exercise: initial_params; base: small_steps
# old:
params["W1"] = np.random.normal(0, np.sqrt(2 / inp_dim), (hidden_dim, inp_dim))
# new:
params["W1"] = np.random.normal(0, np.sqrt(2 / inp_dim), (inp_dim, hidden_dim))


# case: loops, whole file; exercise: initial_params; base: small_steps_loops
# old:
return {"W1": W1, "b1": np.zeros(hidden_dim), "W2": W2, "b2": np.zeros(out_dim)}
# new:
return {"W1": W1, "b1": np.zeros((hidden_dim, 1)), "W2": W2, "b2": np.zeros((out_dim, 1))}


# case: PyTorch, whole file; exercise: initial_params; base: small_steps_torch
# old:
return {"W1": W1, "b1": torch.zeros(hidden_dim), "W2": W2, "b2": torch.zeros(out_dim)}
# new:
return {"W1": W1, "b1": torch.zeros(hidden_dim), "W2": W2.T, "b2": torch.zeros(out_dim)}
