"""The bias is omitted, or subtracted."""

# case: omitted, alone; exercise: affine_forward
import numpy as np


def affine_forward(x, W, b):
    out = x @ W.T
    return out, (x, W, b)


# case: subtracted, alone; exercise: affine_forward
import numpy as np


def affine_forward(x, W, b):
    out = np.dot(x, W.T) - b
    cache = {"x": x, "W": W, "b": b}
    return out, cache


# case: PyTorch linear without bias, alone; exercise: affine_forward
import torch
import torch.nn.functional as F


def affine_forward(x, W, b):
    return F.linear(x, W), (x, W, b)


def affine_backward(dout, cache):
    x, W, b = cache
    return dout @ W, dout.t() @ x, dout.sum(0)


# case: loops that start at zero, whole file; exercise: affine_forward; base: loops
# old:
out[n, h] = b[h]
# new:
out[n, h] = 0


# case: inlined network, second bias omitted, whole file; exercise: TwoLayerNet; base: inlined
# old:
z = h @ p["W2"].T + p["b2"]
# new:
z = h @ p["W2"].T


# case: einsum, whole file; exercise: affine_forward; base: einsum
# old:
out = np.einsum("nd,hd->nh", x, W) + b[None, :]
# new:
out = np.einsum("nd,hd->nh", x, W) - b[None, :]


# case: network in PyTorch, first bias subtracted, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
s.a = torch.addmm(self.params["b1"], x, self.params["W1"].T)
# new:
s.a = torch.addmm(self.params["b1"], x, self.params["W1"].T, beta=-1)


# case: tape, whole file; exercise: affine_forward; base: tape
# old:
return np.tensordot(x, W, axes=([1], [1])) + b, back
# new:
return np.tensordot(x, W, axes=([1], [1])), back


# case: float32 classes, subtracted, whole file; exercise: affine_forward; base: layer_classes
# old:
return self.x @ self.W.T + np.asarray(b, FLOAT)
# new:
return self.x @ self.W.T - np.asarray(b, FLOAT)


# case: PyTorch network, both biases omitted, whole file; exercise: TwoLayerNet; base: torch_objects
# old:
s.a = torch.addmm(self.params["b1"], x, self.params["W1"].T)
# new:
s.a = x @ self.params["W1"].T
# old:
s.z = torch.addmm(self.params["b2"], s.h, self.params["W2"].T)
# new:
s.z = s.h @ self.params["W2"].T


# case: columns, whole file; exercise: affine_forward; base: columns
# old:
out = W @ x + b
# new:
out = W @ x - b


# case: W as (in, out), whole file; exercise: affine_forward; base: in_out
# old:
out = np.dot(x, W) + b
# new:
out = np.dot(x, W)


# case: classes, whole file; exercise: affine_forward; base: layers_only
# old:
return x @ self.W.T + self.b
# new:
return x @ self.W.T


# case: leaky network, whole file; exercise: TwoLayerNet; base: leaky
# old:
z = h @ self.params["W2"].T + self.params["b2"]
# new:
z = h @ self.params["W2"].T


# case: NumPy, whole file; exercise: contributions; base: small_steps
# old:
a = np.dot(params["W1"], x) + params["b1"]
# new:
a = np.dot(params["W1"], x)


# case: loops, whole file; exercise: contributions; base: small_steps_loops
# old:
return np.array(parts), float(params["b2"][digit])
# new:
return np.array(parts), 0.0


# case: PyTorch, whole file; exercise: contributions; base: small_steps_torch
# old:
h = torch.relu(torch.mv(params["W1"], x) + params["b1"])
# new:
h = torch.relu(torch.mv(params["W1"], x) - params["b1"])


# case: NumPy, whole file; exercise: network_forward; base: small_steps
# old:
z, cache_z = affine_forward(h, params["W2"], params["b2"])
# new:
z, cache_z = affine_forward(h, params["W2"], np.zeros(params["b2"].shape))
