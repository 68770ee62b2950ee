"""argmax over the images instead of the classes."""

# case: plain axis=0, alone; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    predictions = np.argmax(out, axis=0)
    return np.mean(predictions == labels)


# case: zip that stops early, alone; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    out, _ = model.forward(input_data)
    right = 0
    for guess, label in zip(out.argmax(0), labels):
        if guess == label:
            right += 1
    return right / len(labels)


# case: PyTorch max(0), alone; exercise: calculate_accuracy
import torch


def calculate_accuracy(model, input_data, labels):
    y, _ = model.forward(input_data)
    values, indices = torch.max(y, 0)
    return (indices == labels).float().mean().item()


# case: transposed before, alone; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    y = model.forward(input_data)[0].T  # one row per class
    guesses = y.argmax(axis=1)
    correct = 0
    for i in range(len(labels)):
        correct += guesses[i] == labels[i]
    return correct / len(labels)


# case: einsum base, whole file; exercise: calculate_accuracy; base: einsum
# old:
return float((scores.argmax(axis=1) == labels).sum()) / labels.shape[0]
# new:
return float((scores.argmax(axis=0) == labels).sum()) / labels.shape[0]


# case: PyTorch, whole file; exercise: calculate_accuracy; base: torch_plain
# old:
predicted = torch.argmax(out, dim=1)
# new:
predicted = torch.argmax(out, dim=0)


# case: float32 classes, whole file; exercise: calculate_accuracy; base: layer_classes
# old:
guesses = np.argmax(model.forward(input_data)[0], axis=-1)
# new:
guesses = np.argmax(model.forward(input_data)[0], axis=0)


# case: columns in place of rows, whole file; exercise: calculate_accuracy; base: templates
# old:
hits = [int(np.argmax(row) == label) for row, label in zip(out, labels)]
# new:
hits = [int(np.argmax(column) == label) for column, label in zip(out.T, labels)]


# case: columns, whole file; exercise: calculate_accuracy; base: columns
# old:
predictions = np.argmax(out, axis=0)
# new:
predictions = np.argmax(out, axis=1)


# case: one-hot, whole file; exercise: calculate_accuracy; base: one_hot
# old:
return np.mean(np.argmax(out, axis=1) == np.argmax(labels, axis=1))
# new:
return np.mean(np.argmax(out, axis=0) == np.argmax(labels, axis=0))
