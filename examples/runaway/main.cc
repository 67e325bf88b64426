// A host that ends plugins which do not end, and goes on with the others. Plugins run on two threads, some of them
// misbehave in every way there is, and all together may take only so much.
#include <ashlar/ashlar.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace {

struct Plugin {
  const char* name;
  std::string_view code;
};

constexpr Plugin kPlugins[] = {
    {"good", R"((module (func (export "work") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))))"},
    {"loops", R"((module (func (export "work") (param i32) (result i32) (loop $l (br $l)) (unreachable))))"},
    {"fills", R"((module (memory 1) (func (export "work") (param i32) (result i32)
       (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)) (unreachable))))"},
    {"grows", R"((module (memory 1) (func (export "work") (param i32) (result i32)
       (loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (memory.size))))"},
    {"recurses", R"((module (func $f (export "work") (param i32) (result i32) (call $f (local.get 0)))))"},
    {"hoards", R"((module (type $cell (struct (field (ref null $cell))))
       (func (export "work") (param i32) (result i32) (local $all (ref null $cell))
         (loop $l (local.set $all (struct.new $cell (local.get $all))) (br $l)) (unreachable))))"},
    {"throws", R"((module (tag $e) (func (export "work") (param i32) (result i32) (throw $e))))"},
    {"divides", R"((module (func (export "work") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 0)))))"},
};

std::string work(const ashlar::Engine& engine, const ashlar::Tenant& tenant, const Plugin& plugin) {
  ashlar::StoreLimits limits;
  limits.gc_heap_bytes = 1 << 20;
  limits.stack_bytes = 64 << 10;
  ashlar::Store store(engine, tenant, limits);
  store.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  const auto result = [&]() -> ashlar::Result<int32_t> {
    auto module = ashlar::Module::compile(engine, plugin.code);
    if (!module) return std::unexpected(std::move(module).error());
    auto instance = ashlar::Linker(store).instantiate(*module);
    if (!instance) return std::unexpected(std::move(instance).error());
    auto f = instance->func<int32_t(int32_t)>("work");
    if (!f) return std::unexpected(std::move(f).error());
    return f->call(21);
  }();
  return result ? std::to_string(*result) : result.error().message();
}

}  // namespace

int main() {
  const ashlar::Engine engine;
  ashlar::TenantAmounts most = ashlar::TenantAmounts::unlimited();
  most.bytes = 16 << 20;
  const ashlar::Tenant tenant(most);

  // Beside each plugin, on another thread, the good one is asked again and again.
  for (const Plugin& plugin : kPlugins) {
    std::string result;
    std::thread other([&] { result = work(engine, tenant, plugin); });
    int right = 0;
    for (int i = 0; i < 100; ++i) right += work(engine, tenant, kPlugins[0]) == "42";
    other.join();
    std::printf("%s: %s (beside it, %d of 100 good calls)\n", plugin.name, result.c_str(), right);
  }
  const ashlar::TenantAmounts left = tenant.usage();
  std::printf("left: %d bytes, %d stores\n", static_cast<int>(left.bytes), static_cast<int>(left.stores));
}
