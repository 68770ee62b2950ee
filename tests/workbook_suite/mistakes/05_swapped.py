"""target - y where y - target belongs: the loss cannot tell, the gradient points the wrong way."""

# case: plain matrices, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N = y.shape[0]
    target = np.zeros_like(y)
    target[np.arange(N), y_hat] = 1
    diff = target - y
    loss = np.sum(diff**2) / N
    dy = 2 * diff / N
    return loss, dy


# case: PyTorch, alone; exercise: l2_loss
import torch


def l2_loss(y, y_hat):
    onehot = torch.eye(y.size(1), dtype=y.dtype)[y_hat]
    err = onehot - y
    return err.square().sum(1).mean(), 2 * err / len(err)


# case: a minus from the inner derivative, one-liner, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    t = (y_hat.reshape(-1, 1) == np.arange(y.shape[1])).astype(float)
    # d/dy (t - y)^2 = -2 (t - y), so minus:
    return ((t - y) ** 2).sum(axis=1).mean(), -2 * (y - t) / y.shape[0]


# case: nested loops, alone; exercise: l2_loss
import numpy as np


def l2_loss(y, y_hat):
    N, C = y.shape
    loss = 0
    dy = np.zeros((N, C))
    for n in range(N):
        label = [0] * C
        label[int(y_hat[n])] = 1
        for c in range(C):
            loss += (label[c] - y[n, c]) ** 2
            dy[n, c] = 2 / N * (label[c] - y[n, c])
    return loss / N, dy


# case: inlined, whole file; exercise: l2_loss; base: inlined
# old:
d = y - (np.arange(y.shape[1]) == y_hat[:, None])
# new:
d = (np.arange(y.shape[1]) == y_hat[:, None]) - y


# case: tape, whole file; exercise: l2_loss; base: tape
# old:
dy = residual * (2.0 / n)
# new:
dy = residual * (-2.0 / n)


# case: the loss inside the training loop, alone; exercise: train_model
import numpy as np


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    for epoch in range(n_epochs):
        order = np.random.permutation(len(train_data))
        for i in range(0, len(order), batch_size):
            rows = order[i:i + batch_size]
            y, cache = model.forward(train_data[rows])
            error = np.eye(y.shape[1])[train_labels[rows]] - y
            model.backward(2 * error / len(rows), cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]


# case: expanded, signs turned round, whole file; exercise: l2_loss; base: templates
# old:
dy = 2 * y
dy[rows, y_hat] -= 2
# new:
dy = -2 * y
dy[rows, y_hat] += 2


# case: columns, whole file; exercise: l2_loss; base: columns
# old:
diff = y - target
# new:
diff = target - y


# case: one-hot, whole file; exercise: l2_loss; base: one_hot
# old:
diff = y - target
# new:
diff = target - y


# case: NumPy, whole file; exercise: softmax_cross_entropy; base: small_steps
# old:
dz[np.arange(N), labels] -= 1
dz = dz / N
# new:
dz[np.arange(N), labels] -= 1
dz = -dz / N


# case: loops, whole file; exercise: softmax_cross_entropy; base: small_steps_loops
# old:
dz[n, c] = (share - target) / N
# new:
dz[n, c] = (target - share) / N


# case: PyTorch, whole file; exercise: softmax_cross_entropy; base: small_steps_torch
# old:
return loss, (p - target) / len(z)
# new:
return loss, (target - p) / len(z)
