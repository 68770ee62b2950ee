# -*- coding: utf-8 -*-
# 作业三：两层神经网络 (李明)
import numpy as np
import time

np.set_printoptions(precision=4)
学习率 = 0.1


def 独热(labels, n):
    """把标签变成独热向量"""
    return (np.arange(n)[None, :] == np.asarray(labels).reshape(-1, 1)).astype(np.float64)


def timed(f):
    # 计时装饰器
    def wrapper(*args, **kwargs):
        t = time.time()
        result = f(*args, **kwargs)
        wrapper.seconds = time.time() - t
        return result
    return wrapper


@timed
def affine_forward(x, W, b):
    out = []
    for row in x:                       # 每一行是一张图片
        out.append(W.dot(row) + b)
    return np.array(out), (x.copy(), W.copy())


@timed
def affine_backward(dout, cache):
    x, W = cache
    dx = np.zeros(x.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(W.shape[0])
    for i in range(x.shape[0]):
        dx[i] = W.T.dot(dout[i])
        dW += np.outer(dout[i], x[i])
        db += dout[i]
    return dx, dW, db


@timed
def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, x.copy()


@timed
def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache <= 0] = 0
    return dx


@timed
def sigmoid_forward(x):
    pos = x >= 0
    y = np.empty_like(x)
    y[pos] = 1 / (1 + np.exp(-x[pos]))
    y[~pos] = np.exp(x[~pos]) / (1 + np.exp(x[~pos]))
    return y, y


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


def l2_loss(y, y_hat):
    误差 = y - 独热(y_hat, y.shape[1])
    return np.square(误差).sum() / len(y), 误差 * 2 / len(y)


def calculate_accuracy(model, input_data, labels):
    correct = 0
    for i in range(len(input_data)):
        y, _ = model.forward(input_data[i:i + 1])
        if np.argmax(y[0]) == labels[i]:
            correct = correct + 1
    return correct / len(labels)


class TwoLayerNet(object):
    def __init__(self, inp_dim, hidden_dim, out_dim):
        super(TwoLayerNet, self).__init__()
        self.params = {}
        self.params['W1'] = np.random.randn(hidden_dim, inp_dim) * np.sqrt(2. / inp_dim)
        self.params['b1'] = np.zeros(hidden_dim)
        self.params['W2'] = np.random.randn(out_dim, hidden_dim) * np.sqrt(2. / (hidden_dim + out_dim))
        self.params['b2'] = np.zeros(out_dim)
        self.grads = {}

    def forward(self, x):
        a, c1 = affine_forward(x, self.params['W1'], self.params['b1'])
        h, c2 = relu_forward(a)
        z, c3 = affine_forward(h, self.params['W2'], self.params['b2'])
        y, c4 = sigmoid_forward(z)
        return y, [c1, c2, c3, c4]

    def backward(self, dout, cache):
        # 反向传播：从后往前
        c1, c2, c3, c4 = cache
        d = sigmoid_backward(dout, c4)
        d, self.grads['W2'], self.grads['b2'] = affine_backward(d, c3)
        d = relu_backward(d, c2)
        d, self.grads['W1'], self.grads['b1'] = affine_backward(d, c1)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    N = train_data.shape[0]
    for e in range(n_epochs):
        idx = np.random.permutation(N)
        X, T = train_data[idx], train_labels[idx]
        for s in range(0, N, batch_size):
            y, cache = model.forward(X[s:s + batch_size])
            L, dy = l2_loss(y, T[s:s + batch_size])
            model.backward(dy, cache)
            for k in ('W1', 'b1', 'W2', 'b2'):
                model.params[k] -= learning_rate * model.grads[k]
        print('第%d轮 准确率 %.2f%%' % (e + 1, 100 * calculate_accuracy(model, validation_data, validation_labels)))
