"""Cache not returned."""

# case: NumPy, whole file; exercise: network_forward; base: small_steps
# old:
return y, (cache_a, cache_h, cache_z, cache_y)
# new:
return y


# case: loops, whole file; exercise: network_forward; base: small_steps_loops
# old:
return y, kept
# new:
return y


# case: PyTorch, whole file; exercise: network_forward; base: small_steps_torch
# old:
return out, caches
# new:
return out
