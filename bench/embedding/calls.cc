// What calls between C++ and WebAssembly cost, in one process with Wasmtime's C library when that is there:
//   bench_calls CALLS MODULE.wasm [LIBWASMTIME.so]
// prints a line `engine|direction|function|nanoseconds` each; CALLS is how many are timed at once.
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ashlar/ashlar.h"
#include "embedding/wasmtime.h"

namespace {

constexpr int kRounds = 15;

/// Something timed: runs so many calls.
struct Timed {
  std::string title;
  std::function<void(int)> run;
  double ns = 1e18;
};

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "bench_calls: " << what << "\n";
  std::exit(1);
}

template <class T>
T must(ashlar::Result<T> result) {
  if (!result) fail(result.error().to_string());
  return std::move(*result);
}

/// Everything by turns, the least time of each counts.
void measure(std::vector<Timed>& all, int calls) {
  for (int round = 0; round < kRounds; ++round) {
    for (Timed& timed : all) {
      const auto begin = std::chrono::steady_clock::now();
      timed.run(calls);
      const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
      timed.ns = std::min(timed.ns, took.count() / calls);
    }
  }
}

/// A host function that waits each time: the guest's loop goes on when it was completed and polled.
void add_waits(std::vector<Timed>& out, const ashlar::Engine& engine, const ashlar::Module& module,
               const std::string& name) {
  using namespace ashlar;
  auto& store = *new Store(engine);
  auto& waiting = *new std::optional<Completion<>>;
  Linker linker(store);
  linker.func("env", "nop", [&](Caller& caller) {
    return suspend(caller, [&](Completion<> done) { waiting.emplace(std::move(done)); });
  });
  linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; });
  linker.func("env", "mix", [](int64_t a, double b, int32_t c, float d) { return static_cast<double>(a) + b + c + d; });
  const auto f = must(must(linker.instantiate(module)).func<void(int32_t)>("call_nop"));
  const auto run = [&waiting, f](int waits) {
    AsyncCall<void> call = f.call_async(waits);
    while (!call.poll()) waiting->complete();
    if (!call.take()) fail("call_nop");
  };
  out.push_back({name + "|wait|nop", run});
  out.push_back({name + "|async|nop", [run](int n) {
                   for (int k = 0; k < n; ++k) run(1);
                 }});
}

/// Modules and stores live to the end of the process.
void add_ashlar(std::vector<Timed>& out, const std::vector<uint8_t>& wasm, bool compiled) {
  using namespace ashlar;
  Config config;
  config.tier = compiled ? Tier::Optimizing : Tier::Interpreter;
  config.code_cache = false;
  const Engine engine(config);
  const Module module = must(Module::compile(engine, std::span<const uint8_t>(wasm)));
  auto& store = *new Store(engine);
  Linker linker(store);
  linker.func("env", "nop", [] {});
  linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; });
  linker.func("env", "mix", [](int64_t a, double b, int32_t c, float d) { return static_cast<double>(a) + b + c + d; });
  const Instance i = must(linker.instantiate(module));
  const std::string name = compiled ? "ashlar" : "ashlar-interp";
  out.push_back({name + "|in|nop", [f = must(i.func<void()>("nop"))](int n) {
                   for (int k = 0; k < n; ++k)
                     if (!f()) fail("nop");
                 }});
  out.push_back({name + "|in|add", [f = must(i.func<int32_t(int32_t, int32_t)>("add"))](int n) {
                   int32_t sum = 0;
                   for (int k = 0; k < n; ++k) sum = must(f(sum, 1));
                   if (sum != n) fail("add");
                 }});
  out.push_back({name + "|in|mix", [f = must(i.func<double(int64_t, double, int32_t, float)>("mix"))](int n) {
                   double sum = 0;
                   for (int k = 0; k < n; ++k) sum = must(f(1, sum, 2, 0.5f));
                   if (sum != 3.5 * n) fail("mix");
                 }});
  add_waits(out, engine, module, name);
  out.push_back({name + "|out|nop", [f = must(i.func<void(int32_t)>("call_nop"))](int n) {
                   if (!f(n)) fail("call_nop");
                 }});
  out.push_back({name + "|out|add", [f = must(i.func<int32_t(int32_t)>("call_add"))](int n) { must(f(n)); }});
  out.push_back({name + "|out|mix", [f = must(i.func<double(int32_t)>("call_mix"))](int n) { must(f(n)); }});
}

/// One store of Wasmtime, with host functions that take values, or slots as they are ("unchecked").
struct Peer {
  wasmtime::Library& lib;
  wasmtime::Context* context = nullptr;
  wasmtime::Instance instance{};

  Peer(wasmtime::Library& library, const std::vector<uint8_t>& wasm, bool raw) : lib(library) {
    using namespace wasmtime;
    wasmtime::Engine* engine = lib.engine_new();
    context = lib.store_context(lib.store_new(engine, nullptr, nullptr));
    wasmtime::Module* module = nullptr;
    if (lib.module_new(engine, wasm.data(), wasm.size(), &module) != nullptr) fail("Wasmtime does not compile it");
    wasmtime::Linker* linker = lib.linker_new(engine);
    const auto define = [&](std::string_view name, std::vector<ValKind> params, std::vector<ValKind> results,
                            Callback checked, RawCallback unchecked) {
      FuncType* type = function_type(params, results);
      wasmtime::Error* error =
          raw ? lib.define_raw_func(linker, "env", 3, name.data(), name.size(), type, unchecked, nullptr, nullptr)
              : lib.define_func(linker, "env", 3, name.data(), name.size(), type, checked, nullptr, nullptr);
      if (error != nullptr) fail("Wasmtime does not define it");
    };
    define(
        "nop", {}, {}, [](void*, wasmtime::Caller*, const Val*, size_t, Val*, size_t) -> Trap* { return nullptr; },
        [](void*, wasmtime::Caller*, RawVal*, size_t) -> Trap* { return nullptr; });
    define(
        "add", {kI32, kI32}, {kI32},
        [](void*, wasmtime::Caller*, const Val* a, size_t, Val* r, size_t) -> Trap* {
          r[0].kind = kI32;
          r[0].i32 = a[0].i32 + a[1].i32;
          return nullptr;
        },
        [](void*, wasmtime::Caller*, RawVal* a, size_t) -> Trap* {
          a[0].i32 = a[0].i32 + a[1].i32;
          return nullptr;
        });
    define(
        "mix", {kI64, kF64, kI32, kF32}, {kF64},
        [](void*, wasmtime::Caller*, const Val* a, size_t, Val* r, size_t) -> Trap* {
          r[0].kind = kF64;
          r[0].f64 = static_cast<double>(a[0].i64) + a[1].f64 + a[2].i32 + a[3].f32;
          return nullptr;
        },
        [](void*, wasmtime::Caller*, RawVal* a, size_t) -> Trap* {
          a[0].f64 = static_cast<double>(a[0].i64) + a[1].f64 + a[2].i32 + a[3].f32;
          return nullptr;
        });
    Trap* trap = nullptr;
    if (lib.instantiate(linker, context, module, &instance, &trap) != nullptr || trap != nullptr) {
      fail("Wasmtime does not instantiate it");
    }
  }

  wasmtime::FuncType* function_type(const std::vector<wasmtime::ValKind>& params,
                                    const std::vector<wasmtime::ValKind>& results) {
    const auto vector = [&](const std::vector<wasmtime::ValKind>& kinds) {
      std::vector<wasmtime::ValType*> types;
      for (wasmtime::ValKind kind : kinds) types.push_back(lib.valtype_new(kind));
      wasmtime::ValTypes out{};
      lib.valtypes_new(&out, types.size(), types.data());
      return out;
    };
    wasmtime::ValTypes p = vector(params), r = vector(results);
    return lib.functype_new(&p, &r);
  }
  wasmtime::Func func(std::string_view name) const {
    wasmtime::Extern found{};
    if (!lib.export_get(context, &instance, name.data(), name.size(), &found)) fail("Wasmtime has no such export");
    return found.func;
  }
  void call(const wasmtime::Func& f, const wasmtime::Val* args, size_t nargs, wasmtime::Val* results,
            size_t nresults) const {
    wasmtime::Trap* trap = nullptr;
    if (lib.call(context, &f, args, nargs, results, nresults, &trap) != nullptr || trap != nullptr) fail("a call");
  }
  void call_raw(const wasmtime::Func& f, wasmtime::RawVal* slots, size_t size) const {
    wasmtime::Trap* trap = nullptr;
    if (lib.call_raw(context, &f, slots, size, &trap) != nullptr || trap != nullptr) fail("a call");
  }
};

void add_wasmtime(std::vector<Timed>& out, wasmtime::Library& library, const std::vector<uint8_t>& wasm, bool raw) {
  using wasmtime::RawVal;
  using wasmtime::Val;
  const Peer& p = *new Peer(library, wasm, raw);
  const auto val = [](wasmtime::ValKind kind, auto v) {
    Val value{.kind = kind, .room = {}};
    if constexpr (std::is_same_v<decltype(v), int32_t>) value.i32 = v;
    if constexpr (std::is_same_v<decltype(v), int64_t>) value.i64 = v;
    if constexpr (std::is_same_v<decltype(v), float>) value.f32 = v;
    if constexpr (std::is_same_v<decltype(v), double>) value.f64 = v;
    return value;
  };
  const std::string name = raw ? "wasmtime-unchecked" : "wasmtime";
  out.push_back({name + "|in|nop", [&p, raw, f = p.func("nop")](int n) {
                   RawVal slots[1];
                   for (int k = 0; k < n; ++k) raw ? p.call_raw(f, slots, 0) : p.call(f, nullptr, 0, nullptr, 0);
                 }});
  out.push_back({name + "|in|add", [&p, val, raw, f = p.func("add")](int n) {
                   int32_t sum = 0;
                   for (int k = 0; k < n; ++k) {
                     if (raw) {
                       RawVal slots[2];
                       slots[0].i32 = sum;
                       slots[1].i32 = 1;
                       p.call_raw(f, slots, 2);
                       sum = slots[0].i32;
                     } else {
                       const Val args[2] = {val(wasmtime::kI32, sum), val(wasmtime::kI32, int32_t{1})};
                       Val result;
                       p.call(f, args, 2, &result, 1);
                       sum = result.i32;
                     }
                   }
                   if (sum != n) fail("add");
                 }});
  out.push_back({name + "|in|mix", [&p, val, raw, f = p.func("mix")](int n) {
                   double sum = 0;
                   for (int k = 0; k < n; ++k) {
                     if (raw) {
                       RawVal slots[4];
                       slots[0].i64 = 1;
                       slots[1].f64 = sum;
                       slots[2].i32 = 2;
                       slots[3].f32 = 0.5f;
                       p.call_raw(f, slots, 4);
                       sum = slots[0].f64;
                     } else {
                       const Val args[4] = {val(wasmtime::kI64, int64_t{1}), val(wasmtime::kF64, sum),
                                            val(wasmtime::kI32, int32_t{2}), val(wasmtime::kF32, 0.5f)};
                       Val result;
                       p.call(f, args, 4, &result, 1);
                       sum = result.f64;
                     }
                   }
                   if (sum != 3.5 * n) fail("mix");
                 }});
  for (const std::string function : {"nop", "add", "mix"}) {
    out.push_back({name + "|out|" + function, [&p, val, function, f = p.func("call_" + function)](int n) {
                     const Val arg = val(wasmtime::kI32, int32_t{n});
                     Val result;
                     p.call(f, &arg, 1, &result, function == "nop" ? 0 : 1);
                   }});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) fail("usage: bench_calls CALLS MODULE.wasm [LIBWASMTIME.so]");
  std::ifstream in(argv[2], std::ios::binary);
  const std::vector<uint8_t> wasm{std::istreambuf_iterator<char>(in), {}};
  std::vector<Timed> all;
  add_ashlar(all, wasm, true);
  add_ashlar(all, wasm, false);
  if (argc == 4) {
    auto& library = *new wasmtime::Library(argv[3]);
    add_wasmtime(all, library, wasm, true);
    add_wasmtime(all, library, wasm, false);
  }
  measure(all, std::atoi(argv[1]));
  for (const Timed& timed : all) std::cout << timed.title << "|" << timed.ns << "\n";
}
