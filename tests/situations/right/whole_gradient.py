# The net does its own algebra; functions share two helpers. Written in one evening.
import sys, os
import random
import numpy as np
from functools import lru_cache

random.seed(1); np.random.seed(1)
sys.setrecursionlimit(3000)
dtype = np.float64

@lru_cache(maxsize=None)
def _eye(n): return np.identity(n, dtype=dtype)

sig = lambda z: 1.0/(1.0+np.exp(-z))
dsig = lambda s: s*(1-s)
relu = lambda z: (np.abs(z)+z)/2

def affine_forward(x, W, b): return np.dot(x, np.transpose(W)) + b[np.newaxis, :], [x, W, b]
def affine_backward(dout, cache):
    x, W, *_ = cache
    return np.dot(dout, W), np.dot(np.transpose(dout), x), np.add.reduce(dout, axis=0)
def relu_forward(x): return relu(x), np.sign(relu(x))
def relu_backward(dout, cache): return np.multiply(dout, cache)
def sigmoid_forward(x): s = sig(x); return s, s
def sigmoid_backward(dout, cache): return np.multiply(dout, dsig(cache))

def l2_loss(y, y_hat):
    t = _eye(y.shape[1])[y_hat]
    return np.linalg.norm(y-t)**2/y.shape[0], (y-t)*2./y.shape[0]

def calculate_accuracy(model, input_data, labels):
    return 1. - np.mean(np.argmax(model.forward(input_data)[0], axis=1) != labels)

class Base:
    def __init__(self): self.params, self.grads = {}, {}
    def step(self, lr):
        for k in self.params: self.params[k] = self.params[k] - lr*self.grads[k]

class TwoLayerNet(Base):
    def __init__(self, inp_dim, hidden_dim, out_dim):
        super().__init__()
        sizes = (inp_dim, hidden_dim, out_dim)
        stds = np.sqrt(2./inp_dim), np.sqrt(2./(hidden_dim+out_dim))
        for i in (1, 2):
            self.params['W%d' % i] = np.random.normal(scale=stds[i-1], size=(sizes[i], sizes[i-1]))
            self.params['b%d' % i] = np.zeros(sizes[i])

    def forward(self, x):
        W1, b1, W2, b2 = (self.params[k] for k in ('W1', 'b1', 'W2', 'b2'))
        a1 = x.dot(W1.T)+b1
        z1 = relu(a1)
        a2 = z1.dot(W2.T)+b2
        y = sig(a2)
        return y, (x, a1, z1, a2, y)

    def backward(self, dout, cache):
        x, a1, z1, a2, y = cache
        delta2 = dout*dsig(y)
        delta1 = delta2.dot(self.params['W2'])*(a1 > 0)
        self.grads = {'W1': delta1.T.dot(x), 'b1': delta1.sum(0), 'W2': delta2.T.dot(z1), 'b2': delta2.sum(0)}

def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    best = 0
    for epoch in range(n_epochs):
        pairs = list(range(len(train_data)))
        random.shuffle(pairs)
        for k in range(0, len(pairs), batch_size):
            batch = pairs[k:k+batch_size]
            y, cache = model.forward(train_data[batch])
            _, dy = l2_loss(y, train_labels[batch])
            model.backward(dy, cache)
            for key in model.params: model.params[key] = model.params[key] - learning_rate*model.grads[key]
        best = max(best, calculate_accuracy(model, validation_data, validation_labels))
    return best
