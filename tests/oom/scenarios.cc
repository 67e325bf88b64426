// Scenarios of the C++ API: compiling, instantiating, running. Those of the C API are in capi_scenarios.cc.
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/ashlar.h"
#include "guests.h"
#include "scenario.h"

namespace oom {

namespace {

using ashlar::Value;

std::string g_artifact;

/// The guest's imports.
void define(ashlar::Linker& linker) {
  linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; });
  linker.func("env", "many", {{ashlar::ValueType::i32()}, std::vector(20, ashlar::ValueType::i64())},
              [](ashlar::Caller&, std::span<const Value> args, std::span<Value> results) -> ashlar::Status {
                for (Value& result : results) result = Value::i64(args[0].as_i32());
                return {};
              });
  linker.func("env", "refuse", [](int32_t code) -> ashlar::Status {
    return std::unexpected(ashlar::Error::trap("refused for a reason that is long enough: " + std::to_string(code)));
  });
  linker.func("env", "length", [](std::string_view text) { return static_cast<int32_t>(text.size()); });
  linker.func("env", "same", [](ashlar::Externref r) { return r; });
  linker.func("env", "again", [](ashlar::Caller& caller, int32_t n) -> ashlar::Result<int32_t> {
    auto f = caller.instance()->func<int32_t(int32_t)>("fib");
    if (!f) return std::unexpected(std::move(f).error());
    return f->call(n);
  });
}

/// A guest that is ready, made while nothing fails.
struct Ready {
  explicit Ready(const ashlar::Config& config = {})
      : engine(config), module(load(engine)), store(engine), linker(store) {
    define(linker);
    instance.emplace(linker.instantiate(module).value());
  }
  static ashlar::Module load(const ashlar::Engine& engine) {
    if (engine.tier() == ashlar::Tier::Interpreter) return ashlar::Module::compile(engine, kGuest).value();
    return ashlar::Module::deserialize_file(engine, g_artifact, ashlar::Trust::Verify).value();
  }
  ashlar::Engine engine;
  ashlar::Module module;
  ashlar::Store store;
  ashlar::Linker linker;
  std::optional<ashlar::Instance> instance;
};

void compile(Run& run, std::string_view source) {
  run.on();
  const ashlar::Engine engine;
  auto module = ashlar::Module::compile(engine, source);
  if (!run.ok(module, "compile")) return;
  run.expect(module->exports().size() > 3, "exports");
  run.expect(module->imports().size() == 6, "imports");
}

void compile_text(Run& run) { compile(run, kGuest); }

void compile_binary(Run& run) {
  static const std::vector<uint8_t> bytes = guest_bytes();
  compile(run, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// Large enough for several threads of validation.
void compile_large(Run& run) {
  static const std::vector<uint8_t> bytes = large_bytes();
  run.on();
  const ashlar::Engine engine;
  auto module = ashlar::Module::compile(engine, bytes);
  if (run.ok(module, "compile")) run.expect(module->exports().size() == 1, "exports");
}

void wrong_modules(Run& run) {
  constexpr std::string_view kWrong[] = {"(module (func (export \"a\") (result i32) (i64.const 1)))",
                                         "(module (func (i32.add)) (memory 1) (memory $x",
                                         "(module (import \"a\" \"b\" (func)) (func (call 7)))",
                                         "\0asm\1\0\0\0\1\5\1\x60\0\1\x7f", "(module (func (local.get $nothing)))"};
  run.on();
  const ashlar::Engine engine;
  for (const std::string_view source : kWrong) {
    auto module = ashlar::Module::compile(engine, source);
    run.expect(!module, "a wrong module");
    if (!module) run.expect(!module.error().to_string().empty(), "an error's text");
  }
}

void instantiate_with(Run& run, const ashlar::Config& config) {
  const ashlar::Engine engine(config);
  const ashlar::Module module = Ready::load(engine);
  run.on();
  for (int i = 0; i < 2; ++i) {
    ashlar::Store store(engine);
    ashlar::Linker linker(store);
    define(linker);
    auto instance = linker.instantiate(module);
    if (!run.ok(instance, "instantiate")) continue;
    auto fib = instance->func<int32_t(int32_t)>("fib");
    if (!run.ok(fib, "fib")) continue;
    const auto result = fib->call(5);
    if (run.ok(result, "call")) run.expect(*result == 5, "fib(5)");
  }
}

void instantiate(Run& run) { instantiate_with(run, {}); }

ashlar::Config pool() {
  ashlar::Config out;
  out.pool.memories = 2;
  out.pool.overflow = false;
  return out;
}
void instantiate_pool(Run& run) { instantiate_with(run, pool()); }

/// Where one failed, the engine goes on.
void prepared(Run& run) {
  const ashlar::Engine engine(pool());
  const ashlar::Module module = Ready::load(engine);
  run.on();
  ashlar::Linker linker(engine);
  define(linker);
  linker.define_wasi(ashlar::WasiConfig().args({"program"}));
  const auto prepared = linker.prepare(module);
  if (!run.ok(prepared, "prepare")) return;
  for (int i = 0; i < 3; ++i) {
    if (i == 2) run.off();
    ashlar::Store store(engine);
    auto instance = prepared->instantiate(store);
    if (!run.ok(instance, "instantiate")) continue;
    auto fib = instance->func<int32_t(int32_t)>("fib");
    if (run.ok(fib, "fib")) {
      const auto result = fib->call(6);
      if (run.ok(result, "call")) run.expect(*result == 8, "fib(6)");
    }
  }
}

/// One call of the guest after another, each on its own: those before may have failed.
void call_all(Run& run, const ashlar::Instance& instance) {
  const auto call = [&](const char* name, std::initializer_list<Value> args, int32_t wanted) {
    auto f = instance.func(name);
    if (!run.ok(f, name)) return;
    auto results = f->call(args);
    if (run.ok(results, name)) run.expect(results->at(0).as_i32() == wanted, name);
  };
  call("fib", {Value::i32(10)}, 55);
  call("add", {Value::i32(1), Value::i32(2)}, 3);
  call("many", {Value::i32(3)}, 3);
  call("length", {}, 11);
  call("again", {Value::i32(7)}, 13);
  call("indirect", {Value::i32(4)}, 5);
  call("caught", {Value::i32(9)}, 9);
  call("list", {Value::i32(2000)}, 2000);
  call("strings", {Value::i32(50)}, 50);
}

/// These must fail, with their own error or for want of memory.
void call_wrong(Run& run, const ashlar::Instance& instance) {
  const auto fails = [&](const char* name, std::string_view id) {
    auto f = instance.func(name);
    if (!run.ok(f, name)) return;
    const auto results = f->call({Value::i32(1)});
    run.expect(!results, name);
    if (results || results.error().id() == id) return;
    run.ok(results, name);
  };
  fails("refuse", "host_trap");
  fails("unreachable", "unreachable");
  fails("deep", "call_stack_exhausted");
  fails("outside", "out_of_bounds_memory_access");
}

void run_guest(Run& run, const ashlar::Config& config) {
  Ready ready(config);
  run.on();
  call_all(run, *ready.instance);
  call_wrong(run, *ready.instance);
  auto grow = ready.instance->func<int32_t(int32_t)>("grow");
  if (run.ok(grow, "grow")) run.ok(grow->call(1), "grow");
  auto grow_table = ready.instance->func<int32_t(int32_t)>("grow_table");
  if (run.ok(grow_table, "grow_table")) run.ok(grow_table->call(100), "grow_table");
  run.off();
  // The store is as good as before.
  call_all(run, *ready.instance);
  call_wrong(run, *ready.instance);
}

void interpret(Run& run) { run_guest(run, {}); }

ashlar::Config compiled() {
  ashlar::Config out;
  out.tier = ashlar::Tier::Optimizing;
  out.code_cache = false;
  return out;
}
void load_artifact(Run& run) {
  if (g_artifact.empty()) return;
  run.on();
  const ashlar::Engine engine(compiled());
  for (const ashlar::Trust trust : {ashlar::Trust::Verify, ashlar::Trust::Known}) {
    run.ok(ashlar::Module::deserialize_file(engine, g_artifact, trust), "deserialize");
  }
}
void instantiate_compiled(Run& run) {
  if (!g_artifact.empty()) instantiate_with(run, compiled());
}
void run_compiled(Run& run) {
  if (!g_artifact.empty()) run_guest(run, compiled());
}

void typed(Run& run, const ashlar::Config& config) {
  Ready ready(config);
  run.on();
  auto fib = ready.instance->func<int32_t(int32_t)>("fib");
  if (run.ok(fib, "fib")) run.ok(fib->call(8), "fib");
  auto count = ready.instance->func<int32_t(std::string_view)>("count");
  if (run.ok(count, "count")) {
    const auto result = count->call("a text");
    if (run.ok(result, "count")) run.expect(*result == 6, "count");
  }
  auto same = ready.instance->func<ashlar::Externref(ashlar::Externref)>("same");
  if (run.ok(same, "same")) {
    auto made = ashlar::Externref::make(ready.store, std::string("an object of the host, which is longer"));
    if (run.ok(made, "externref")) {
      const auto back = same->call(*made);
      if (run.ok(back, "same")) run.expect(*back == *made, "the same");
    }
  }
  auto refuse = ready.instance->func<int32_t(int32_t)>("refuse");
  if (run.ok(refuse, "refuse")) run.expect(!refuse->call(1), "refuse");
  auto none = ready.instance->func<float()>("fib");
  run.expect(!none, "another signature");
}
void typed_calls(Run& run) { typed(run, {}); }
void typed_compiled(Run& run) {
  if (!g_artifact.empty()) typed(run, compiled());
}

void exceptions(Run& run) {
  Ready ready;
  run.on();
  auto thrower = ready.instance->func("throws");
  if (!run.ok(thrower, "throws")) return;
  const auto results = thrower->call({Value::i32(5)});
  run.expect(!results, "an exception");
  if (results || results.error().id() == "out_of_memory") return;
  if (const auto thrown = results.error().exception()) run.expect(thrown->values.at(0).as_i32() == 5, "its value");
}

void objects(Run& run) {
  Ready ready;
  run.on();
  std::vector<Value> kept;
  for (int i = 0; i < 40; ++i) {
    auto made = Value::external(ready.store, std::string("another object of the host, long as well"));
    if (run.ok(made, "external")) kept.push_back(*made);
  }
  auto type = ashlar::ObjectType::named(ready.module, "node");
  if (run.ok(type, "type")) {
    auto node = ashlar::StructRef::make(ready.store, *type, {Value::i32(1), Value::null_ref(type->ref())});
    if (run.ok(node, "struct")) run.ok(node->set(0, Value::i32(2)), "set");
  }
  auto array = ashlar::ObjectType::named(ready.module, "bytes");
  if (run.ok(array, "type")) {
    const std::vector<uint8_t> numbers(1000, 7);
    run.ok(ashlar::ArrayRef::of_numbers(ready.store, *array, std::span<const uint8_t>(numbers)), "array");
  }
  ready.store.collect_garbage();
  for (const Value& value : kept) {
    const auto* text = value.external<std::string>();
    run.expect(text != nullptr && text->size() == 40, "the object");
  }
  auto memory = ashlar::Memory::make(ready.store, 1);
  if (run.ok(memory, "memory")) (void)memory->grow(1);
  auto table = ashlar::Table::make(ready.store, ashlar::ValueType::externref(), 3, {},
                                   Value::null_ref(ashlar::ValueType::externref()));
  if (run.ok(table, "table")) (void)table->grow(1000, Value::null_ref(ashlar::ValueType::externref()));
  (void)ashlar::Global::make(ready.store, Value::i32(1), true);
  const auto tag = ashlar::Tag::make(ready.store, {ashlar::ValueType::i64()});
  (void)tag.exception({{Value::i64(1)}});
  run.off();
  kept.clear();
  ready.store.collect_garbage();
  call_all(run, *ready.instance);
}

void linking(Run& run) {
  const ashlar::Engine engine;
  auto library = ashlar::Module::compile(engine, "(module (func (export \"f\") (result i32) (i32.const 7)))").value();
  auto user =
      ashlar::Module::compile(
          engine, "(module (import \"lib\" \"f\" (func $f (result i32))) (func (export \"g\") (result i32) (call $f)))")
          .value();
  auto wrong = ashlar::Module::compile(
                   engine, "(module (import \"lib\" \"f\" (func (param i64))) (import \"no\" \"thing\" (memory 1)))")
                   .value();
  run.on();
  ashlar::Linker linker(engine);
  if (!run.ok(linker.define_module("library with a long name", library), "define")) return;
  if (!run.ok(linker.alias_module("library with a long name", "lib"), "alias")) return;
  ashlar::Store store(engine);
  auto instance = linker.instantiate(store, user);
  if (run.ok(instance, "instantiate")) {
    auto g = instance->func<int32_t()>("g");
    if (run.ok(g, "g")) run.ok(g->call(), "g");
  }
  run.expect(!linker.instantiate(store, wrong), "wrong imports");
}

void tenants(Run& run) {
  const ashlar::Engine engine(pool());
  const ashlar::Module module = Ready::load(engine);
  std::optional<ashlar::Tenant> tenant;
  run.on();
  tenant.emplace(ashlar::TenantAmounts::unlimited());
  for (int i = 0; i < 2; ++i) {
    ashlar::Store store(engine, *tenant);
    store.set_deadline(std::chrono::steady_clock::now() + std::chrono::hours(1));
    ashlar::Linker linker(store);
    define(linker);
    auto instance = linker.instantiate(module);
    if (run.ok(instance, "instantiate")) call_all(run, *instance);
    store.interrupt("a reason that is longer than a short text");
    if (instance) run.expect(!instance->func("fib")->call({Value::i32(3)}), "interrupted");
    store.clear_interrupt();
    store.clear_deadline();
  }
  run.off();
  run.expect(tenant->usage().stores == 0 && tenant->usage().bytes == 0 && tenant->usage().instances == 0, "the ledger");
}

void wasi(Run& run) {
  const ashlar::Engine engine;
  static const std::string folder = wasi_folder();
  const ashlar::Module module = ashlar::Module::compile(engine, kWasiGuest).value();
  run.on();
  ashlar::Store store(engine);
  ashlar::Linker linker(store);
  linker.define_wasi(ashlar::WasiConfig().args({"program", "argument"}).env("NAME", "value").dir(folder, "/"));
  auto instance = linker.instantiate(module);
  if (!run.ok(instance, "instantiate")) return;
  auto done = linker.run(*instance);
  run.off();
  if (done || done.error().exit_code() || done.error().id() == "out_of_memory") return;
  run.ok(done, "run");
}

constexpr auto kScenarios = std::to_array<Scenario>({
    {"text", &compile_text},
    {"binary", &compile_binary},
    {"large", &compile_large},
    {"wrong", &wrong_modules},
    {"instantiate", &instantiate},
    {"pool", &instantiate_pool},
    {"prepared", &prepared},
    {"interpret", &interpret},
    {"typed", &typed_calls},
    {"exceptions", &exceptions},
    {"objects", &objects},
    {"linking", &linking},
    {"tenants", &tenants},
    {"wasi", &wasi},
    {"artifact", &load_artifact},
    {"compiled", &instantiate_compiled},
    {"machine_code", &run_compiled},
    {"typed_machine", &typed_compiled},
    {"capi", &capi},
});

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }
void use_artifact(std::string path) { g_artifact = std::move(path); }

}  // namespace oom
