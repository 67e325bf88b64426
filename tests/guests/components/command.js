// A command: output, clocks and random numbers through a JavaScript engine.
export const run = {
  run() {
    const words = ["pear", "apple", "fig"].sort();
    console.log("words", JSON.stringify(words), words.map((w) => w.length).reduce((a, b) => a + b));
    console.log("regex", "2026-11-29".replace(/(\d+)-(\d+)-(\d+)/, "$3.$2.$1"));
    console.log("time", Date.now() > 1.7e12, "random", Math.random() < 1);
    console.log("big", (2n ** 100n).toString());
  },
};
