"""Values of every shape through a component of CPython."""

from typing import List, Optional

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import shapes


class Shapes(exports.Shapes):
    def sum(self, points):
        return shapes.Point(sum(p.x for p in points), sum(p.y for p in points))

    def describe(self, s, how, in_unit):
        if isinstance(s, shapes.Shape_Dot):
            raise Err("a dot has no size")
        text = f"{s.value!r} in {in_unit.name.lower()}"
        return text + (" bold" if shapes.Style.BOLD in how else "") + (" dotted" if shapes.Style.DOTTED in how else "")

    def pick(self, of: List[Optional[str]], at: int) -> Optional[str]:
        return of[at]

    def count(self, c, times):
        return [c.next() for _ in range(times)]
