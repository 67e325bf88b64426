// Prints which of V8's compilers makes a module's code under the flags that this runs with; needs --allow-natives-syntax.
const bytes = [
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // \0asm
  1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, // type 0: (i32, i32) -> i32
  3, 2, 1, 0, // one function
  7, 7, 1, 3, 0x61, 0x64, 0x64, 0, 0, // exported as "add"
  10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, 0x6a, 0x0b, // local.get 0, local.get 1, i32.add
];
const { add } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports;
const tier = () => (%IsTurboFanFunction(add) ? 'TurboFan' : %IsLiftoffFunction(add) ? 'Liftoff' : 'nothing');
const before = tier();
add(1, 2);
console.log(`${before} before the first call, ${tier()} after`);
