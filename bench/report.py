"""What all sections print with: tables, numbers, and the list of what went wrong."""

import math


CLOCKS = {"wall": "run time", "cpu": "processor time", "user": "user time"}


def mean(ratios):
    """The geometric mean."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def number(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(header, rows):
    """Prints a Markdown table whose columns line up; all but the first are numbers."""
    rows = [header, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for index, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        print("| " + " | ".join(cells) + " |")
        if index == 0:
            print("|" + "|".join("-" * (width + 1) + ("-" if at == 0 else ":") for at, width in enumerate(widths)) + "|")
    print()


class Report:
    """Collects what went wrong, and checks samples."""

    def __init__(self):
        self.problems = []  # of peers too
        self.failed = False  # ours only

    def problem(self, engine, what):
        self.problems.append(f"{engine}, {what}")
        self.failed |= engine.split("-")[0] in ("ashlar", "native")

    def check(self, kernel, samples, reference, of="native code"):
        """Outputs must agree with the reference, `of` says whose that is; a run that failed or differs counts as no result."""
        for engine, sample in samples.items():
            if not sample.error and sample.output != reference:
                sample.error = f"prints {sample.output[:80]!r}, not {reference[:80]!r} as {of}"
            if sample.error:
                self.problem("native" if engine.startswith("native") else engine, f"{kernel}: {sample.error}")

    def finish(self):
        for problem in self.problems:
            print(f"- {problem}")
        return 1 if self.failed else 0
