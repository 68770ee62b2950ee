"""Scale of the initial weights."""

# case: NumPy, whole file; exercise: initial_params; base: small_steps
# old:
params["W1"] = np.random.normal(0, np.sqrt(2 / inp_dim), (hidden_dim, inp_dim))
# new:
params["W1"] = np.random.normal(0, 2 / inp_dim, (hidden_dim, inp_dim))


# case: loops, whole file; exercise: initial_params; base: small_steps_loops
# old:
W2[i, j] = np.random.normal(0, math.sqrt(2 / (hidden_dim + out_dim)))
# new:
W2[i, j] = np.random.normal(0, math.sqrt(2 / (inp_dim + out_dim)))


# case: PyTorch, whole file; exercise: initial_params; base: small_steps_torch
# old:
W1 = torch.empty(hidden_dim, inp_dim).normal_(0, (2 / inp_dim) ** 0.5)
# new:
W1 = torch.randn(hidden_dim, inp_dim)
