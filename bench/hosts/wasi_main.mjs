// Runs a WASI command under node: wasi_main.mjs FILE [ARGUMENT...]. Compiles all of it first; where BENCH_TIMES names a
// file, writes there what compiling and running took, so that the two can be told apart.
import { readFileSync, writeFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

// Wall, user and processor nanoseconds since a point of time.
const clock = () => {
  const { user, system } = process.cpuUsage();
  return { wall: Number(process.hrtime.bigint()), user: user * 1000, cpu: (user + system) * 1000 };
};
const since = (start) => {
  const now = clock();
  return { wall_ns: now.wall - start.wall, user_ns: now.user - start.user, cpu_ns: now.cpu - start.cpu };
};

const [file, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [file, ...rest], env: {}, returnOnExit: true });
const bytes = readFileSync(file);
const before = clock();
const module = new WebAssembly.Module(bytes);
const compile = since(before);
const start = clock();
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
const status = wasi.start(instance);
if (process.env.BENCH_TIMES) writeFileSync(process.env.BENCH_TIMES, JSON.stringify({ compile, run: since(start) }));
process.exitCode = status;
