"""All published figures that were measured: ours, the papers', and the differences of protocol.

    python benchmarks/published/table.py

Reads the records of the other scripts in `logs/published`, the longest budget of each, and names
the scripts that were not run.
"""

import records

SCRIPTS = (  # in the order of the lecture
    "linear_pca",
    "contractive_mnist",
    "features_mnist",
    "iwae_mnist",
    "iwae_mnist_k50",
    "pacgan_mixtures",
    "one_class_mnist",
    "few_labels_mnist",
    "semi_supervised_mnist",
    "perceptual_cifar10",
)
BUDGETS = ("5min", "20min", "30min", "1h", "full")  # shortest first; no script has all

notes = []
print(records.HEAD)
for script in SCRIPTS:
    found = [(budget, records.load(script, budget)) for budget in BUDGETS]
    found = [(budget, record) for budget, record in found if record is not None]
    if not found:
        print(f"| `{script}.py` | – | not run | | | |")
        continue
    budget, (figures, differences) = found[-1]
    for figure in figures:
        print(figure.line(budget))
    notes.append(f"- `{script}.py --budget {budget}`: {differences}")
print("\nDifferences of protocol\n")
print("\n".join(notes))
print("\n* from memory, not checked in the paper.")
