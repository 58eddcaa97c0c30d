"""What the scripts of this folder print at the end, and keep for `table.py`."""

import dataclasses
import json
import pathlib

FOLDER = pathlib.Path("logs/published")
HEAD = "| figure | budget | ours | paper | wanted | |\n|---|---|---|---|---|---|"


@dataclasses.dataclass
class Figure:
    """A number of ours beside a paper's.

    `wanted` says in words what ours must reach to count as that figure at this budget, `is_met`
    whether it does; a paper's number that was not read in the paper itself ends in a star.
    """

    title: str
    ours: str
    paper: str
    wanted: str = "–"
    is_met: bool | None = None

    def line(self, budget):
        """A row of the Markdown table."""
        verdict = {True: "met", False: "**missed**", None: ""}[self.is_met]
        cells = (self.title, budget, self.ours, self.paper, self.wanted, verdict)
        return f"| {' | '.join(cells)} |"


def report(script, budget, figures, differences):
    """Prints the figures and every difference of protocol, and keeps both."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    record = {
        "budget": budget,
        "figures": [dataclasses.asdict(figure) for figure in figures],
        "differences": differences,
    }
    path = FOLDER / f"{script}_{budget}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False))
    print(f"\n{HEAD}")
    for figure in figures:
        print(figure.line(budget))
    print(f"\nDifferences of protocol: {differences}\n* from memory, not checked in the paper.")


def load(script, budget):
    """`(figures, differences)` of a run, or `None` if there was none."""
    path = FOLDER / f"{script}_{budget}.json"
    if not path.exists():
        return None
    record = json.loads(path.read_text())
    return [Figure(**figure) for figure in record["figures"]], record["differences"]


def once(path, measure, *arguments):
    """`measure(*arguments)`, a dict, kept in a JSON file; read from there if it exists."""
    if not path.exists():
        from keras_aegan.engine.files import (
            whole_file,  # here, since it imports TensorFlow, which `table.py` does not need
        )

        path.parent.mkdir(parents=True, exist_ok=True)
        found = json.dumps(measure(*arguments), indent=1)
        with whole_file(path) as unfinished:
            unfinished.write_text(found)
    return json.loads(path.read_text())
