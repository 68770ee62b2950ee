"""better_recipe, found in other ways."""

# case: a Recipe; exercise: better_recipe; remark: yes
from handgrad.recipes import Recipe


def better_recipe():
    return Recipe(loss="cross_entropy", optimizer="nesterov", learning_rate=0.03, schedule="linear", epochs=3)


# case: NumPy's numbers; exercise: better_recipe; remark: yes
import numpy as np


def better_recipe():
    rates = np.linspace(0.1, 0.7, 4)
    return {"loss": "cross_entropy", "learning_rate": rates[2] - 0.1, "schedule": "linear", "warmup": np.float32(0.125), "epochs": np.int64(3)}
