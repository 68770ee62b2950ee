# Week 3 programming assignment, one example per column
import numpy as np


def affine_forward(X, W, b):
    Z = np.dot(W, X) + b.reshape(-1, 1)
    return Z, (X, W)


def affine_backward(dZ, cache):
    X, W = cache
    dX = np.dot(W.T, dZ)
    dW = np.dot(dZ, X.T)
    db = np.sum(dZ, axis=1)
    return dX, dW, db


def relu_forward(Z):
    return np.maximum(0, Z), Z


def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[cache <= 0] = 0
    return dZ


def sigmoid_forward(Z):
    A = 1 / (1 + np.exp(-Z))
    return A, A


def sigmoid_backward(dZ, cache):
    A = cache
    return dZ * A * (1 - A)


def l2_loss(A, Y):
    m = A.shape[1]
    target = np.zeros(A.shape)
    target[Y, np.arange(m)] = 1
    return np.sum((A - target) ** 2) / m, 2 * (A - target) / m


def calculate_accuracy(model, X, Y):
    A, _ = model.forward(X)
    return np.mean(np.argmax(A, axis=0) == Y)


class TwoLayerNet:
    def __init__(self, n_x, n_h, n_y):
        self.params = {
            "W1": np.random.randn(n_h, n_x) * np.sqrt(2 / n_x),
            "b1": np.zeros(n_h),
            "W2": np.random.randn(n_y, n_h) * np.sqrt(2 / (n_h + n_y)),
            "b2": np.zeros(n_y),
        }
        self.grads = {}

    def forward(self, X):
        Z1, linear1 = affine_forward(X, self.params["W1"], self.params["b1"])
        A1, act1 = relu_forward(Z1)
        Z2, linear2 = affine_forward(A1, self.params["W2"], self.params["b2"])
        A2, act2 = sigmoid_forward(Z2)
        return A2, (linear1, act1, linear2, act2)

    def backward(self, dA2, cache):
        linear1, act1, linear2, act2 = cache
        dZ2 = sigmoid_backward(dA2, act2)
        dA1, self.grads["W2"], self.grads["b2"] = affine_backward(dZ2, linear2)
        dZ1 = relu_backward(dA1, act1)
        _, self.grads["W1"], self.grads["b1"] = affine_backward(dZ1, linear1)


def train_model(model, X_train, Y_train, X_val, Y_val, n_epochs, learning_rate=1e-3, batch_size=16):
    m = X_train.shape[1]
    for epoch in range(n_epochs):
        permutation = list(np.random.permutation(m))
        X, Y = X_train[:, permutation], Y_train[permutation]
        for k in range(0, m, batch_size):
            A, cache = model.forward(X[:, k:k + batch_size])
            cost, dA = l2_loss(A, Y[k:k + batch_size])
            model.backward(dA, cache)
            for name in model.params:
                model.params[name] = model.params[name] - learning_rate * model.grads[name]
        print("Cost after epoch", epoch, cost, calculate_accuracy(model, X_val, Y_val))
