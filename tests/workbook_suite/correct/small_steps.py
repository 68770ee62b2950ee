"""The network in small steps, written in other ways."""

# case: everything in one line of NumPy each; exercise: network_forward
import numpy as np


def network_forward(params, x):
    a = x @ params["W1"].T + params["b1"]
    h = a.clip(0)
    out = 1 / (1 + np.exp(-(h @ params["W2"].T + params["b2"])))
    return out, {"x": x, "a": a, "h": h, "out": out, "params": params}


# case: by hand, with the parameters in the cache; exercise: network_backward
import numpy as np


def network_forward(params, x):
    W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
    h = np.maximum(x @ W1.T + b1, 0)
    out = 1 / (1 + np.exp(-(h @ W2.T + b2)))
    return out, (W2, x, h, out)


def network_backward(dout, cache):
    W2, x, h, out = cache
    dz = dout * out * (1 - out)
    da = np.where(h > 0, dz @ W2, 0)
    return {"b2": dz.sum(axis=0), "W2": dz.T @ h, "b1": da.sum(axis=0), "W1": da.T @ x}


# case: PyTorch, einsum; exercise: network_backward
import torch


def network_forward(params, x):
    a = torch.einsum("nd,hd->nh", x, params["W1"]) + params["b1"]
    h = a.relu()
    out = torch.sigmoid(torch.einsum("nh,ch->nc", h, params["W2"]) + params["b2"])
    return out, [params, x, h, out]


def network_backward(dout, cache):
    params, x, h, out = cache
    d = torch.einsum("nc,nc,nc->nc", dout, out, 1 - out)
    grads = {"W2": torch.einsum("nc,nh->ch", d, h), "b2": torch.einsum("nc->c", d)}
    d = torch.einsum("nc,ch->nh", d, params["W2"]) * (h > 0)
    grads["W1"], grads["b1"] = torch.einsum("nh,nd->hd", d, x), torch.einsum("nh->h", d)
    return grads


# case: uniform numbers of the right variance; exercise: initial_params
import numpy as np


def initial_params(inp_dim, hidden_dim, out_dim):
    rng = np.random.default_rng()

    def uniform(rows, columns, variance):
        reach = np.sqrt(3 * variance)
        return rng.uniform(-reach, reach, (rows, columns))

    return dict(
        W1=uniform(hidden_dim, inp_dim, 2 / inp_dim), b1=np.zeros((hidden_dim,)),
        W2=uniform(out_dim, hidden_dim, 2 / (hidden_dim + out_dim)), b2=np.zeros((out_dim,)),
    )


# case: the class in one piece, the steps never begun, whole file; base: small_steps
# old:
def initial_params(inp_dim, hidden_dim, out_dim):
    params = {}
    params["W1"] = np.random.normal(0, np.sqrt(2 / inp_dim), (hidden_dim, inp_dim))
    params["b1"] = np.zeros(hidden_dim)
    params["W2"] = np.random.normal(0, np.sqrt(2 / (hidden_dim + out_dim)), (out_dim, hidden_dim))
    params["b2"] = np.zeros(out_dim)
    return params
# new:
def initial_params(inp_dim, hidden_dim, out_dim):
    params = None  # yours
    return params
# old:
self.params = initial_params(inp_dim, hidden_dim, out_dim)
# new:
self.params = {
    "W1": np.random.randn(hidden_dim, inp_dim) * np.sqrt(2 / inp_dim), "b1": np.zeros(hidden_dim),
    "W2": np.random.randn(out_dim, hidden_dim) * np.sqrt(2 / (hidden_dim + out_dim)), "b2": np.zeros(out_dim),
}
