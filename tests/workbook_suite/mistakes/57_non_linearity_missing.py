"""Non-linearity missing."""

# case: NumPy, whole file; exercise: network_forward; base: small_steps
# old:
z, cache_z = affine_forward(h, params["W2"], params["b2"])
# new:
z, cache_z = affine_forward(a, params["W2"], params["b2"])


# case: loops, whole file; exercise: network_forward; base: small_steps_loops
# old:
return y, kept
# new:
return z, kept


# case: PyTorch, whole file; exercise: network_forward; base: small_steps_torch
# old:
if step == "relu":
    out, cache = relu_forward(out)
# new:
if step == "relu":
    cache = out


# case: NumPy, whole file; exercise: contributions; base: small_steps
# old:
h = np.maximum(a, 0)
# new:
h = a


# case: loops, whole file; exercise: contributions; base: small_steps_loops
# old:
h = a if a > 0 else 0.0
# new:
h = a


# case: PyTorch, whole file; exercise: contributions; base: small_steps_torch
# old:
h = torch.relu(torch.mv(params["W1"], x) + params["b1"])
# new:
h = torch.mv(params["W1"], x) + params["b1"]
