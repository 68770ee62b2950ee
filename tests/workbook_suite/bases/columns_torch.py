"""Images as columns in PyTorch, biases (out,) that are turned where they are added; the loop turns the rows."""
import torch


def affine_forward(x, W, b):
    return torch.matmul(W, x) + b.unsqueeze(1), {"x": x, "W": W}


def affine_backward(dout, cache):
    dW = torch.matmul(dout, cache["x"].t())
    dx = torch.matmul(cache["W"].t(), dout)
    db = dout.sum(dim=1)
    return dx, dW, db


def relu_forward(x):
    return x.clamp(min=0), x > 0


def relu_backward(dout, cache):
    return dout * cache


def sigmoid_forward(x):
    s = torch.sigmoid(x)
    return s, s


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


def l2_loss(y, y_hat):
    C, N = y.shape
    t = torch.nn.functional.one_hot(y_hat, C).T.to(y.dtype)
    d = y - t
    loss = d.pow(2).sum() / N
    dy = 2.0 * d / N
    return loss, dy


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data.T)
    return (out.argmax(dim=0) == labels).double().mean().item()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {
            "W1": torch.randn(hidden_dim, inp_dim, dtype=torch.float64) * (2 / inp_dim) ** 0.5,
            "b1": torch.zeros(hidden_dim, dtype=torch.float64),
            "W2": torch.randn(out_dim, hidden_dim, dtype=torch.float64) * (2 / (hidden_dim + out_dim)) ** 0.5,
            "b2": torch.zeros(out_dim, dtype=torch.float64),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        a, c1 = affine_forward(x, p["W1"], p["b1"])
        h, c2 = relu_forward(a)
        z, c3 = affine_forward(h, p["W2"], p["b2"])
        y, c4 = sigmoid_forward(z)
        return y, [c1, c2, c3, c4]

    def backward(self, dout, cache):
        c1, c2, c3, c4 = cache
        dz = sigmoid_backward(dout, c4)
        dh, dW2, db2 = affine_backward(dz, c3)
        da = relu_backward(dh, c2)
        dx, dW1, db1 = affine_backward(da, c1)
        self.grads = dict(W1=dW1, b1=db1, W2=dW2, b2=db2)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    n = len(train_data)
    for epoch in range(n_epochs):
        for rows in torch.randperm(n).split(batch_size):
            x = train_data[rows].T
            y, cache = model.forward(x)
            loss, dy = l2_loss(y, train_labels[rows])
            model.backward(dy, cache)
            for k in model.params:
                model.params[k] -= learning_rate * model.grads[k]
        print(f"{epoch}: {calculate_accuracy(model, validation_data, validation_labels):.3f}")
