"""1/N missing: a sum where the mean over the images belongs."""

# case: plain matrices, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = y.shape[0]
    one_hot = np.zeros(y.shape)
    one_hot[np.arange(N), y_hat] = 1.0
    loss = np.sum((y - one_hot) ** 2) / N
    dy = 2 * (y - one_hot)
    return loss, dy


# case: einsum, sum in the loss too, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    t = np.eye(y.shape[1])[y_hat]
    e = y - t
    return np.einsum("ij,ij->", e, e), 2 * e


# case: PyTorch, mean in the loss and forgotten behind it, alone; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    labels = torch.nn.functional.one_hot(y_hat, y.shape[1]).type_as(y)
    loss = torch.mean(torch.sum((y - labels) ** 2, dim=1))
    grad = 2 * (y - labels)
    return loss, grad


# case: float32 one-liners, alone; exercise: l2_loss
import numpy as np

hot = lambda k, C: (k[:, None] == np.arange(C)).astype(np.float32)
l2_loss = lambda y, y_hat: (
    float(np.square(y.astype(np.float32) - hot(y_hat, y.shape[1])).sum(1).mean()),
    2 * (y.astype(np.float32) - hot(y_hat, y.shape[1])),
)


# case: loops, whole file; exercise: l2_loss; base: loops
# old:
dy[n, c] = 2 * (y[n, c] - target) / N
# new:
dy[n, c] = 2 * (y[n, c] - target)


# case: PyTorch with objects, loss summed, whole file; exercise: l2_loss; base: torch_objects
# old:
loss = difference.pow(2).sum(dim=1).mean()
dy = 2.0 / n * difference
# new:
loss = difference.pow(2).sum()
dy = 2.0 * difference


# case: only the value is a sum, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    target = np.zeros(y.shape)
    for row, label in enumerate(y_hat):
        target[row, label] = 1
    loss = np.linalg.norm(y - target) ** 2
    dy = 2 * (y - target) / len(y)
    return loss, dy


# case: float32 classes, whole file; exercise: l2_loss; base: layer_classes
# old:
loss = np.sum(error * error) / N
dy = 2 * error / N
# new:
loss = np.sum(error * error) / N
dy = 2 * error


# case: tape, whole file; exercise: l2_loss; base: tape
# old:
loss = np.vdot(residual, residual) / n
dy = residual * (2.0 / n)
# new:
loss = np.vdot(residual, residual)
dy = residual * 2.0


# case: the loss inside the training loop, PyTorch, alone; exercise: train_model
import torch


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = torch.randperm(len(train_data))
        for i in range(0, len(train_data), batch_size):
            rows = order[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            target = torch.zeros_like(y)
            target[torch.arange(len(rows)), train_labels[rows]] = 1
            dout = 2 * (y - target)
            model.backward(dout, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]


# case: columns, whole file; exercise: l2_loss; base: columns
# old:
loss = np.sum(diff**2) / N
dy = 2 * diff / N
# new:
loss = np.sum(diff**2)
dy = 2 * diff


# case: columns, PyTorch, whole file; exercise: l2_loss; base: columns_torch
# old:
loss = d.pow(2).sum() / N
dy = 2.0 * d / N
# new:
loss = d.pow(2).sum()
dy = 2.0 * d


# case: one-hot, whole file; exercise: l2_loss; base: one_hot
# old:
loss = np.sum(diff**2) / N
dy = 2 * diff / N
# new:
loss = np.sum(diff**2)
dy = 2 * diff


# case: classes, whole file; exercise: l2_loss; base: layers_only
# old:
return np.sum(self.diff**2) / len(y)
# new:
return np.sum(self.diff**2)
# old:
return 2 * self.diff / len(self.diff)
# new:
return 2 * self.diff


# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
dz = dz / N
# new:
dz = dz


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
dz[n, c] = (share - target) / N
# new:
dz[n, c] = share - target


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
loss = -right.mean()
# new:
loss = -right.sum()
