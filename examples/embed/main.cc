// A C++ program with a WebAssembly module inside: host functions, typed calls, memory, limits and errors.
#include <ashlar/ashlar.h>

#include <cstdio>
#include <string>

namespace {

// Usually a file made by a compiler: Module::from_file(engine, "plugin.wasm").
constexpr std::string_view kPlugin = R"((module $plugin
  (import "host" "log" (func $log (param i32 i32)))
  (import "host" "rate" (func $rate (param i32) (result f64)))
  (memory (export "memory") 1 4)
  (data (i32.const 8) "counting prices")

  ;; The sum of `count` 32-bit prices at `at`, each times the host's rate for its place.
  (func $total (export "total") (param $at i32) (param $count i32) (result f64)
    (local $i i32) (local $sum f64)
    (call $log (i32.const 8) (i32.const 15))
    (loop $next
      (local.set $sum (f64.add (local.get $sum)
        (f64.mul (call $rate (local.get $i)) (f64.convert_i32_s (i32.load (local.get $at))))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $count))))
    (local.get $sum))

  (func (export "forever") (loop (br 0)))))";

int fail(const ashlar::Error& error) {
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  return 1;
}

ashlar::Linker make_linker(ashlar::Store& store) {
  ashlar::Linker linker(store);
  linker.func("host", "log", [](ashlar::Caller& caller, uint32_t at, uint32_t size) -> ashlar::Status {
    const auto text = caller.memory()->text(at, size);
    if (!text) return std::unexpected(ashlar::Error::trap("log: the text lies outside the memory"));
    std::printf("plugin: %s\n", std::string(*text).c_str());
    return {};
  });
  linker.func("host", "rate", [](int32_t place) { return place == 0 ? 1.0 : 0.5; });
  return linker;
}

int run() {
  ashlar::Config config;
  config.fuel = true;
  ashlar::Engine engine(config);
  auto module = ashlar::Module::compile(engine, kPlugin);
  if (!module) return fail(module.error());
  for (const ashlar::ExportType& e : module->exports()) {
    std::printf("export %s: %s\n", e.name.c_str(), e.type.to_string().c_str());
  }

  ashlar::StoreLimits limits;
  limits.memory_bytes = 1 << 20;
  ashlar::Store store(engine, limits);
  store.set_fuel(1'000'000);
  ashlar::Linker linker = make_linker(store);
  auto plugin = linker.instantiate(*module);
  if (!plugin) return fail(plugin.error());

  const int32_t prices[] = {100, 30, 12};
  if (!plugin->memory()->write(1024, prices)) return 1;
  auto total = plugin->func<double(uint32_t, uint32_t)>("total");
  if (!total) return fail(total.error());
  auto sum = total->call(1024, 3);
  if (!sum) return fail(sum.error());
  std::printf("total: %g\n", *sum);

  // Errors are values: this call reads beyond the memory, the next one never ends.
  auto outside = total->call(4u << 20, 1);
  std::printf("outside: %s\n", outside ? "?" : outside.error().message().c_str());
  auto forever = plugin->func("forever")->call();
  std::printf("forever: %s\n", forever ? "?" : forever.error().message().c_str());
  return 0;
}

}  // namespace

int main() { return run(); }
