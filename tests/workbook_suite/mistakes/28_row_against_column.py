"""(N,) meets (N, 1): every image is compared with every label."""

# case: argmax with kept dimension, alone; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    predicted = np.argmax(out, axis=1, keepdims=True)
    return np.mean(predicted == labels)


# case: labels as a column, alone; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    scores = model.forward(input_data)[0]
    guess = scores.argmax(axis=1)
    correct = guess == labels.reshape(-1, 1)
    return np.sum(correct) / correct.size


# case: PyTorch keepdim, sum over N, alone; exercise: calculate_accuracy
import torch


def calculate_accuracy(model, input_data, labels):
    out, cache = model.forward(input_data)
    pred = out.argmax(dim=1, keepdim=True)
    correct = pred.eq(labels).sum().item()
    return correct / len(labels)


# case: plain, whole file; exercise: calculate_accuracy; base: plain
# old:
predictions = np.argmax(out, axis=1)
# new:
predictions = np.argmax(out, axis=1).reshape(len(out), 1)


# case: PyTorch with objects, whole file; exercise: calculate_accuracy; base: torch_objects
# old:
return (y.max(dim=1).indices == labels).double().mean().item()
# new:
return (y.max(dim=1, keepdim=True).indices == labels).double().mean().item()


# case: einsum base, sum of a table, whole file; exercise: calculate_accuracy; base: einsum
# old:
return float((scores.argmax(axis=1) == labels).sum()) / labels.shape[0]
# new:
return float((scores.argmax(axis=1) == labels[:, None]).sum()) / labels.shape[0]


# case: float32 classes, whole file; exercise: calculate_accuracy; base: layer_classes
# old:
return np.count_nonzero(guesses == labels) / len(labels)
# new:
return np.count_nonzero(guesses[:, np.newaxis] == labels) / len(labels)


# case: differences that are not zero, whole file; exercise: calculate_accuracy; base: tape
# old:
winners = np.argsort(y, axis=1)[:, -1]
# new:
winners = np.argsort(y, axis=1)[:, -1:]
