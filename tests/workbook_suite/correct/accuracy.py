"""calculate_accuracy, written in other ways."""

# case: in pieces of 100; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    n_right = 0
    for i in range(0, len(input_data), 100):
        out, _ = model.forward(input_data[i:i + 100])
        n_right += int(np.sum(out.argmax(1) == labels[i:i + 100]))
    return n_right / len(input_data)


# case: one image at a time; exercise: calculate_accuracy
def calculate_accuracy(network, images, truth):
    hits = 0
    for i in range(images.shape[0]):
        y, _ = network.forward(images[i:i + 1])
        row = list(y[0])
        if row.index(max(row)) == int(truth[i]):
            hits += 1
    return hits / images.shape[0]


# case: PyTorch, tensor back; exercise: calculate_accuracy
import torch


def calculate_accuracy(model, input_data, labels):
    with torch.no_grad():
        y = model.forward(input_data)[0]
    return (y.topk(1, dim=1).indices.squeeze(1) == labels).to(torch.float32).mean()


# case: columns on both sides; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    scores, _ = model.forward(input_data)
    predictions = np.argmax(scores, axis=1, keepdims=True)
    return np.mean(predictions == labels.reshape(-1, 1))


# case: transposed, argmax over the classes; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    by_class = np.transpose(model.forward(input_data)[0])
    return 1.0 - np.mean(np.argmax(by_class, axis=0) != labels)


# case: the diagonal of a confusion matrix; exercise: calculate_accuracy
import numpy as np


def calculate_accuracy(model, input_data, labels):
    y, _ = model.forward(input_data)
    C = y.shape[1]
    confusion = np.zeros((C, C), dtype=int)
    np.add.at(confusion, (labels, y.argmax(axis=1)), 1)
    return confusion.trace() / confusion.sum()


# case: NumPy and PyTorch in one file, asks for either; exercise: calculate_accuracy
import numpy as np
import torch


def calculate_accuracy(model, input_data, labels):
    out = model.forward(input_data)[0]
    if isinstance(out, torch.Tensor):
        out = out.detach().numpy()
    return float(np.mean(np.argmax(out, -1) == np.asarray(labels)))


# case: in percent, PyTorch, whole file; exercise: calculate_accuracy; remark: yes; base: torch_plain
# old:
return correct / len(labels)
# new:
return 100 * correct / len(labels)
