// A guest in AssemblyScript: its own garbage collector, strings, maps and typed arrays.
export function primes(limit: i32): i32 {
  const composite = new Uint8Array(limit + 1);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (composite[i]) continue;
    count++;
    for (let j = <i64>i * i; j <= limit; j += i) composite[<i32>j] = 1;
  }
  return count;
}

export function words(rounds: i32): i32 {
  const counts = new Map<string, i32>();
  for (let i = 0; i < rounds; i++) {
    const word = "w" + (i * 7919 % 1009).toString(16).padStart(4, "0");
    counts.set(word, (counts.has(word) ? counts.get(word) : 0) + word.length);
  }
  let sum = 0;
  const keys = counts.keys().sort();
  for (let i = 0; i < keys.length; i++) sum = sum * 31 + counts.get(keys[i]) + keys[i].charCodeAt(4);
  return sum;
}

export function mean(n: i32): f64 {
  const values = new Array<f64>();
  for (let i = 1; i <= n; i++) values.push(1 / <f64>i);
  return values.reduce<f64>((a, b) => a + b, 0) / n;
}
