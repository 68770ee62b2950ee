"""mean_images, normalize_templates and agreement, written in other ways."""

# case: a product with one-hot rows; exercise: mean_images
import numpy as np


def mean_images(images, labels):
    hot = np.eye(10)[labels]
    sums = hot.T @ images.reshape(len(images), -1)
    return (sums / hot.sum(axis=0)[:, None]).reshape(10, *images.shape[1:])


# case: np.add.at and bincount; exercise: mean_images
import numpy as np


def mean_images(images, labels):
    total = np.zeros((10,) + images.shape[1:])
    np.add.at(total, labels, images)
    count = np.bincount(labels, minlength=10)
    return total / count.reshape((10,) + (1,) * (images.ndim - 1))


# case: one image at a time, PyTorch; exercise: mean_images
import torch


def mean_images(images, labels):
    sums = [torch.zeros_like(images[0]) for _ in range(10)]
    counts = [0] * 10
    for image, label in zip(images, labels):
        sums[int(label)] = sums[int(label)] + image
        counts[int(label)] += 1
    return torch.stack([s / n for s, n in zip(sums, counts)])


# case: a loop over the templates; exercise: normalize_templates
import numpy as np


def normalize_templates(mean_images):
    normalised = []
    for m in mean_images:
        mu = m.sum() / m.size
        sigma = np.sqrt(((m - mu) ** 2).sum() / m.size)
        normalised.append((m - mu) / sigma)
    return np.array(normalised)


# case: all axes but the first, other argument name; exercise: normalize_templates
import numpy as np


def normalize_templates(templates):
    axes = tuple(range(1, templates.ndim))
    result = templates - np.mean(templates, axis=axes, keepdims=True)
    result /= np.std(result, axis=axes, keepdims=True)
    return result


# case: tensordot; exercise: agreement
import numpy as np


def agreement(templates, images):
    axes = list(range(1, images.ndim))
    return np.tensordot(images, templates, axes=(axes, axes))


# case: loops; exercise: agreement
import numpy as np


def agreement(templates, images):
    table = np.zeros((len(images), len(templates)))
    for n in range(len(images)):
        for k in range(len(templates)):
            table[n, k] = (images[n] * templates[k]).sum()
    return table


# case: einsum, PyTorch, the whole chapter; exercise: agreement
import torch


def mean_images(images, labels):
    return torch.stack([images[labels == k].mean(dim=0) for k in range(10)])


def normalize_templates(mean_images):
    flat = mean_images.flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    return (flat / flat.std(1, keepdim=True, unbiased=False)).view_as(mean_images)


def agreement(templates, images):
    return torch.einsum("np,kp->nk", images.flatten(1), templates.flatten(1))
