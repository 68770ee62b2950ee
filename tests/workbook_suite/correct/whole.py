"""Whole files with what people leave around their functions: prints, data that is not there, tests, guards."""

# case: exported notebook that looks for its data; base: plain
# old:
import numpy as np
# new:
#!/usr/bin/env python
# coding: utf-8

# # Assignment 3
# In[1]:
import gzip
import numpy as np

get_ipython().run_line_magic('matplotlib', 'inline')

# In[2]:
with gzip.open("data/train-images-idx3-ubyte.gz") as f:
    train_images = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784) / 255
print(train_images.shape)
# In[3]:


# case: a guard at the end that trains; base: inlined
# append:
if __name__ == "__main__":
    import sys

    data = np.load("mnist.npz")
    net = TwoLayerNet(784, 64, 10)
    train_model(net, data["x_train"] / 255, data["y_train"], data["x_test"] / 255, data["y_test"], 10, 0.1)
    sys.exit(calculate_accuracy(net, data["x_test"] / 255, data["y_test"]) < 0.95)


# case: trains at once, without a guard, on noise; base: einsum
# append:
noise = rng.random((60, 12))
kinds = rng.integers(0, 10, 60)
net = TwoLayerNet(12, 8, 10)
print(train_model(net, noise, kinds, noise, kinds, 3, learning_rate=0.1))
print("accuracy", calculate_accuracy(net, noise, kinds))


# case: own tests at the end, both libraries imported; base: plain
# old:
import numpy as np
# new:
import numpy as np
import torch

np.random.seed(0)
# append:
def compare_with_torch():
    x, W, b = np.random.randn(4, 3), np.random.randn(2, 3), np.random.randn(2)
    out, cache = affine_forward(x, W, b)
    expected = torch.from_numpy(x) @ torch.from_numpy(W).T + torch.from_numpy(b)
    assert np.allclose(out, expected.numpy())
    d = np.random.randn(*out.shape)
    dx, dW, db = affine_backward(d, cache)
    assert np.allclose(dW, numerical_gradient(lambda W: (affine_forward(x, W, b)[0] * d).sum(), W))


compare_with_torch()
print("all good")


# case: PyTorch in double precision, seeds set; base: torch_plain
# old:
import torch.nn.functional as F
# new:
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
device = "cuda" if torch.cuda.is_available() else "cpu"
# old:
self.params["b2"] = torch.zeros(out_dim)
# new:
self.params["b2"] = torch.zeros(out_dim)
for name in self.params:
    self.params[name] = self.params[name].to(device)


# case: a package for the data that need not be there; base: torch_objects
# old:
import torch
# new:
import torch

try:
    from torchvision import datasets

    train_set = datasets.MNIST("data", train=True, download=False)
except Exception as problem:
    print("no data:", problem)


# case: a package for the data that is not there; base: plain
# old:
import numpy as np
# new:
import numpy as np
from keras_like_datasets import mnist

(x_train, y_train), (x_test, y_test) = mnist.load_data()


# case: methods that change nothing of the numbers, caches kept on the network too; base: plain
# old:
return out, (cache1, cache2, cache3, cache4)
# new:
self.cache = (cache1, cache2, cache3, cache4)
return out, self.cache
# old:
def backward(self, dout, cache):
# new:
def predict(self, x):
    return self.forward(x)[0].argmax(axis=1)

def save(self, path):
    np.savez(path, **self.params)

def backward(self, dout, cache):
    assert set(self.grads) <= set(self.params)


# case: tabs, semicolons, no blank lines, star import
from numpy import *
def affine_forward(x,W,b):
	return dot(x,W.T)+b,(x,W,b)
def affine_backward(dout,cache):
	x,W,b=cache
	return dot(dout,W),dot(dout.T,x),sum(dout,axis=0)
def relu_forward(x):
	return maximum(x,0),x
def relu_backward(dout,cache):
	d=dout.copy();d[cache<=0]=0;return d
def sigmoid_forward(x):
	y=1/(1+exp(-x));return y,y
def sigmoid_backward(dout,cache):
	return dout*cache*(1-cache)
def l2_loss(y,y_hat):
	n=y.shape[0];t=zeros(y.shape);t[arange(n),y_hat]=1
	return sum((y-t)**2)/n,2*(y-t)/n
def calculate_accuracy(model,input_data,labels):
	return mean(argmax(model.forward(input_data)[0],axis=1)==labels)
class TwoLayerNet:
	def __init__(self,inp_dim,hidden_dim,out_dim):
		self.params={'W1':random.randn(hidden_dim,inp_dim)*sqrt(2/inp_dim),'b1':zeros(hidden_dim),'W2':random.randn(out_dim,hidden_dim)*sqrt(2/(hidden_dim+out_dim)),'b2':zeros(out_dim)}
		self.grads={}
	def forward(self,x):
		p=self.params;a,c1=affine_forward(x,p['W1'],p['b1']);h,c2=relu_forward(a);z,c3=affine_forward(h,p['W2'],p['b2']);y,c4=sigmoid_forward(z)
		return y,[c1,c2,c3,c4]
	def backward(self,dout,cache):
		g=self.grads
		d=sigmoid_backward(dout,cache[3]);d,g['W2'],g['b2']=affine_backward(d,cache[2]);d=relu_backward(d,cache[1]);d,g['W1'],g['b1']=affine_backward(d,cache[0])
def train_model(model,train_data,train_labels,validation_data,validation_labels,n_epochs,learning_rate=1e-3,batch_size=16):
	for e in range(n_epochs):
		i=random.permutation(len(train_data))
		for k in range(0,len(i),batch_size):
			j=i[k:k+batch_size];y,c=model.forward(train_data[j]);L,d=l2_loss(y,train_labels[j]);model.backward(d,c)
			for q in model.params:model.params[q]=model.params[q]-learning_rate*model.grads[q]


# case: functions made by functions, Greek letters, static methods
"""Every layer is a pair (there, back); a factory makes the two functions that were asked for."""
import numpy as np

π = np.pi


def pair(there, back):
    def forward(*inputs):
        return there(*inputs), inputs

    def backward(δ, cache):
        return back(δ, *cache)

    return forward, backward


class Maths:
    @staticmethod
    def σ(t):
        return np.exp(np.minimum(t, 0)) / (1 + np.exp(-np.abs(t)))

    @classmethod
    def σ_slope(cls, t):
        return cls.σ(t) * cls.σ(-t)


affine_forward, affine_backward = pair(
    lambda x, W, b: x @ W.T + b,
    lambda δ, x, W, b: (δ @ W, δ.T @ x, δ.sum(axis=0)),
)
relu_forward, relu_backward = pair(lambda x: np.fmax(x, 0), lambda δ, x: np.where(x > 0, δ, 0))
sigmoid_forward, sigmoid_backward = pair(Maths.σ, lambda δ, x: δ * Maths.σ_slope(x))


def l2_loss(y, y_hat, *, classes=None):
    δ = y - np.eye(classes or y.shape[1])[y_hat]
    return (δ * δ).sum() / len(δ), 2 * δ / len(δ)


def calculate_accuracy(model, input_data, labels):
    return np.equal(model.forward(input_data)[0].argmax(axis=1), labels).mean()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        # Box and Muller, for the fun of it
        def gauss(*shape):
            u, v = np.random.random_sample((2, *shape))
            return np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * π * v)

        self.params = {
            "W1": gauss(hidden_dim, inp_dim) * (2 / inp_dim) ** 0.5,
            "b1": np.zeros(hidden_dim),
            "W2": gauss(out_dim, hidden_dim) * (2 / (hidden_dim + out_dim)) ** 0.5,
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        stack = []
        for step, names in (
            (affine_forward, ("W1", "b1")), (relu_forward, ()), (affine_forward, ("W2", "b2")), (sigmoid_forward, ()),
        ):
            x, cache = step(x, *(self.params[n] for n in names))
            stack.append(cache)
        return x, stack

    def backward(self, dout, cache):
        stack = list(cache)
        δ = sigmoid_backward(dout, stack.pop())
        δ, self.grads["W2"], self.grads["b2"] = affine_backward(δ, stack.pop())
        δ = relu_backward(δ, stack.pop())
        _, self.grads["W1"], self.grads["b1"] = affine_backward(δ, stack.pop())


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16, verbose=False):
    for _ in range(n_epochs):
        π_ = np.random.permutation(len(train_data))
        for rows in [π_[i:i + batch_size] for i in range(0, len(π_), batch_size)]:
            y, cache = model.forward(train_data[rows])
            L, δ = l2_loss(y, train_labels[rows])
            model.backward(δ, cache)
            for key in model.params:
                model.params[key] = model.params[key] - learning_rate * model.grads[key]
            if verbose:
                print(L)


# case: PyTorch layers as autograd functions used by hand
import torch


class Ctx:
    def save(self, *tensors):
        self.saved = tensors


class Affine:
    @staticmethod
    def forward(ctx, x, W, b):
        ctx.save(x, W)
        return x.mm(W.t()) + b.unsqueeze(0)

    @staticmethod
    def backward(ctx, grad):
        x, W = ctx.saved
        return grad.mm(W), grad.t().mm(x), grad.sum(0)


class ReLU:
    @staticmethod
    def forward(ctx, x):
        ctx.save(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved
        grad = grad.clone()
        grad[x <= 0] = 0
        return grad


class Sigmoid:
    @staticmethod
    def forward(ctx, x):
        y = x.sigmoid()
        ctx.save(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved
        return grad * y * (1 - y)


def _forward(layer):
    def call(*inputs):
        ctx = Ctx()
        return layer.forward(ctx, *inputs), ctx

    return call


def _backward(layer):
    return lambda dout, cache: layer.backward(cache, dout)


affine_forward, affine_backward = _forward(Affine), _backward(Affine)
relu_forward, relu_backward = _forward(ReLU), _backward(ReLU)
sigmoid_forward, sigmoid_backward = _forward(Sigmoid), _backward(Sigmoid)


def l2_loss(y: torch.Tensor, y_hat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    classes = torch.arange(y.shape[1])
    target = (y_hat[:, None] == classes[None, :]).to(y.dtype)
    error = y - target
    return error.pow(2).sum(1).mean(0), error * 2 / y.shape[0]


@torch.no_grad()
def calculate_accuracy(model, input_data, labels):
    hits = 0
    for x, t in zip(input_data.split(64), labels.split(64)):
        hits += int((model.forward(x)[0].argmax(1) == t).sum())
    return hits / input_data.shape[0]


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        he, xavier = (2 / inp_dim) ** 0.5, (2 / (hidden_dim + out_dim)) ** 0.5
        self.params = {
            "W1": torch.normal(0.0, he, (hidden_dim, inp_dim)),
            "b1": torch.zeros(hidden_dim),
            "W2": torch.normal(0.0, xavier, (out_dim, hidden_dim)),
            "b2": torch.zeros(out_dim),
        }
        self.grads = {k: torch.zeros_like(v) for k, v in self.params.items()}

    def forward(self, x):
        a, c1 = affine_forward(x, self.params["W1"], self.params["b1"])
        h, c2 = relu_forward(a)
        z, c3 = affine_forward(h, self.params["W2"], self.params["b2"])
        y, c4 = sigmoid_forward(z)
        return y, (c1, c2, c3, c4)

    def backward(self, dout, cache):
        c1, c2, c3, c4 = cache
        dz = sigmoid_backward(dout, c4)
        dh, dW2, db2 = affine_backward(dz, c3)
        _, dW1, db1 = affine_backward(relu_backward(dh, c2), c1)
        for name, grad in zip(("W1", "b1", "W2", "b2"), (dW1, db1, dW2, db2)):
            self.grads[name].copy_(grad)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs,
                learning_rate=1e-3, batch_size=16):
    curve = []
    for epoch in range(n_epochs):
        shuffled = torch.randperm(train_data.size(0))
        data, labels = train_data[shuffled], train_labels[shuffled]
        for x, t in zip(data.split(batch_size), labels.split(batch_size)):
            y, cache = model.forward(x)
            loss, dy = l2_loss(y, t)
            curve.append(loss.item())
            model.backward(dy, cache)
            for name, p in model.params.items():
                p -= learning_rate * model.grads[name]
    return curve


# case: an import inside a function; base: plain
# old:
out = 1 / (1 + np.exp(-x))
# new:
from scipy.special import expit
out = expit(x)


# case: everything printed on the way; base: torch_plain
# old:
out, cache_affine1 = affine_forward(x, self.params["W1"], self.params["b1"])
# new:
print("forward", tuple(x.shape))
out, cache_affine1 = affine_forward(x, self.params["W1"], self.params["b1"])
# append:
print("affine", affine_forward(torch.ones(2, 3), torch.ones(4, 3), torch.zeros(4))[0])
net = TwoLayerNet(5, 4, 3)
print(net.params.keys(), [p.shape for p in net.params.values()])
