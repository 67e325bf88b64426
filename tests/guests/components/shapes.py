"""Exported resources: componentize-py looks for them in a module called like the interface."""

from wit_world.exports import shapes


class Counter(shapes.Counter):
    def __init__(self, start: int):
        self.value = start

    def next(self) -> int:
        self.value += 1
        return self.value
