// Values of every shape through a component of a JavaScript engine.
class Counter {
  constructor(start) { this.value = start; }
  next() { return ++this.value; }
}

export const shapes = {
  Counter,
  sum(points) {
    return points.reduce((a, p) => ({ x: a.x + p.x, y: a.y + p.y }), { x: 0, y: 0 });
  },
  describe(s, how, inUnit) {
    if (s.tag === "dot") throw "a dot has no size";
    const text = typeof s.val === "string" ? `'${s.val}'` : `${s.val}`;
    return `${text} in ${inUnit}` + (how.bold ? " bold" : "") + (how.dotted ? " dotted" : "");
  },
  pick(of, at) { return of[at]; },
  count(c, times) { return Array.from({ length: times }, () => c.next()); },
};
