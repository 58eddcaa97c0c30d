"""A workload's measurements as Markdown, beside the targets."""

import contextlib
import importlib.metadata
import os
import platform
import statistics

PACKAGES = ("keras_aegan", "keras", "tensorflow", "torch", "lightning", "numpy")


def machine():
    """Cores, processor and versions, in one line."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        model = next(line.split(":")[1].strip() for line in lines if "model name" in line)
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in PACKAGES)
    return f"{os.cpu_count()} CPU cores, {model}; Python {platform.python_version()}, {versions}."


def table(workload, runners, gflops):
    """All contestants' numbers, keras_aegan's first."""
    ours = runners[0]
    lines = [
        f"### {workload.title}",
        "",
        f"{ours.num_parameters:,} parameters; {ours.num_examples:,} examples per epoch; "
        f"sgemm {spread(gflops, 0)} GFLOP/s.",
        "",
        "| contestant | examples/s | keras_aegan × as fast | cores | first epoch, s | peak, MB "
        "| losses |",
        "|---|---|---|---|---|---|---|",
    ]
    for runner in runners:
        ratio = "–" if runner is ours else spread(ours.times_as_fast_as(runner), 2)
        losses = ", ".join(f"{name} {value:.3g}" for name, value in runner.losses.items())
        cells = [
            runner.label,
            spread(runner.rates, 0),
            ratio,
            spread(runner.cores, 2),
            f"{runner.first_epoch:.1f}",
            f"{runner.peak_mb:,.0f}",
            losses or "–",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def verdicts(workload, runners, gflops):
    """What the table says of the targets, one line each."""
    ours = runners[0]
    lines = []
    for family, target in workload.targets.items():
        best = max((r for r in runners if r.family == family), key=lambda r: r.rate)
        ratio = statistics.median(ours.times_as_fast_as(best))
        what = f"times as fast as {family} at its best ({best.label})"
        lines.append(judged(what, ratio, at_least=target))
    if workload.flops:
        shares = [r * workload.flops / g / 1e9 for r, g in zip(ours.rates, gflops, strict=True)]
        share = statistics.median(shares)
        lines.append(judged("share of the sgemm rate", share, at_least=workload.sgemm_share))
    keras = [r for r in runners if r.family == "Keras"]
    if workload.is_training and len(keras) == 1:
        size = ours.peak_mb / keras[0].peak_mb
        lines.append(judged("peak resident size, of plain Keras's", size, at_most=1.25))
        full_speed = ours.num_examples / ours.rate
        compiling = ours.first_epoch - full_speed
        lines.append(judged("first epoch minus a later one, s", compiling, at_most=10.0))
        if keras[0].num_examples == ours.num_examples:
            share = ours.first_epoch / keras[0].first_epoch
            lines.append(judged("first epoch, of plain Keras's", share, at_most=1.0))
    return "\n".join(lines)


def judged(what, value, at_least=None, at_most=None):
    """A line: the value, the target, and whether it is missed."""
    line = f"- {what}: {value:.2f}"
    if at_least is not None:
        line += f"; target ≥ {at_least:g}" + (", **missed**" if value < at_least else "")
    if at_most is not None:
        line += f"; target ≤ {at_most:g}" + (", **missed**" if value > at_most else "")
    return line


def spread(values, digits):
    """Median (least–most)."""
    values = statistics.median(values), min(values), max(values)
    middle, low, high = (f"{value:,.{digits}f}" for value in values)
    return f"{middle} ({low}–{high})"


def check_sameness(runners):
    """Raises an error if contestants have other networks, or losses of another size."""
    ours = runners[0]
    for runner in runners:
        if runner.num_parameters != ours.num_parameters:
            raise RuntimeError(
                f"{runner.label} trains {runner.num_parameters:,} parameters, "
                f"{ours.label} {ours.num_parameters:,}"
            )
        if runner.num_examples != ours.num_examples:
            continue  # fewer steps, another loss
        for name in set(runner.losses) & set(ours.losses):
            # They start from different weights, and draw different noise.
            if not 0.5 < runner.losses[name] / ours.losses[name] < 2.0:
                raise RuntimeError(
                    f"After the first epoch {runner.label} has {name}={runner.losses[name]:.4g}, "
                    f"{ours.label} {ours.losses[name]:.4g}"
                )
