"""All published figures at hand: ours, the papers', and what differs.

    python benchmarks/published/table.py

Reads what the other scripts of this folder kept in `logs/published`, the longest budget of each,
and names the command of those that were not run.
"""

import records

# In the order of the lecture, with the budgets of each, shortest first.
SCRIPTS = {
    "linear_pca": ("5min", "1h", "full"),
    "contractive_mnist": ("5min", "1h", "full"),
    "features_mnist": ("5min", "1h", "full"),
    "iwae_mnist": ("5min", "20min", "1h", "full"),
    "iwae_mnist_k50": ("5min", "20min", "1h", "full"),
    "pacgan_mixtures": ("5min", "1h", "full"),
    "one_class_mnist": ("5min", "30min", "1h", "full"),
    "few_labels_mnist": ("5min", "1h", "full"),
    "perceptual_cifar10": ("5min", "1h", "full"),
}

notes = []
print(records.HEAD)
for script, budgets in SCRIPTS.items():
    found = [(budget, records.load(script, budget)) for budget in budgets]
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
