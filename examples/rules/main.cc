// A rules engine: other people's rules decide about orders, each within limits of fuel, memory and time.
#include <ashlar/ashlar.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace {

/// What rules decide about. They ask for it by host functions, and see nothing else.
struct Order {
  int32_t items = 0;
  double total = 0;
};

// Usually compiled from a language of rules, or from C or Rust. All export "discount", in percent.
struct Rule {
  const char* name;
  std::string_view code;
};
constexpr Rule kRules[] = {
    {"large orders", R"((module (import "order" "total" (func $total (result f64)))
       (func (export "discount") (result f64)
         (if (result f64) (f64.gt (call $total) (f64.const 100)) (then (f64.const 10)) (else (f64.const 0))))))"},
    {"many items", R"((module (import "order" "items" (func $items (result i32)))
       (func (export "discount") (result f64) (f64.min (f64.convert_i32_s (call $items)) (f64.const 5)))))"},
    {"never ends", R"((module (func (export "discount") (result f64) (loop $l (br $l)) (f64.const 0))))"},
    {"wants memory", R"((module (memory 1)
       (func (export "discount") (result f64)
         (f64.convert_i32_s (memory.grow (i32.const 1000))))))"},
    {"needs memory", R"((module (memory 1000) (func (export "discount") (result f64) (f64.const 50))))"},
    {"recurses", R"((module (func $f (export "discount") (result f64) (f64.add (call $f) (f64.const 1)))))"},
    {"asks too much", R"((module (import "customer" "address" (func $a (result i32)))
       (func (export "discount") (result f64) (f64.const 50))))"},
};

/// What one evaluation may use.
struct Budget {
  int64_t fuel = 100'000;
  std::chrono::milliseconds time{5000};
};

class Rules {
 public:
  Rules() : engine_(counting()), linker_(engine_) {
    linker_.func("order", "items", [](ashlar::Caller& caller) { return caller.data<Order>()->items; });
    linker_.func("order", "total", [](ashlar::Caller& caller) { return caller.data<Order>()->total; });
  }

  /// A rule, validated and linked: done once.
  ashlar::Result<ashlar::PreparedModule> load(const Rule& rule) const {
    auto module = ashlar::Module::compile(engine_, rule.code);
    if (!module) return std::unexpected(std::move(module).error());
    return linker_.prepare(*module);
  }

  /// What the rule says of an order. Each evaluation has a store of its own: nothing of one is seen by the next.
  ashlar::Result<double> discount(const ashlar::PreparedModule& rule, const Order& order, const Budget& budget) const {
    ashlar::StoreLimits limits;
    limits.memory_bytes = 1 << 20;
    limits.stack_bytes = 64 << 10;
    limits.instances = 1;
    ashlar::Store store(engine_, limits);
    store.set_fuel(budget.fuel);
    store.set_data(order);
    store.set_deadline(std::chrono::steady_clock::now() + budget.time);
    auto instance = rule.instantiate(store);
    if (!instance) return std::unexpected(std::move(instance).error());
    auto f = instance->func<double()>("discount");
    if (!f) return std::unexpected(std::move(f).error());
    return f->call();
  }

 private:
  static ashlar::Config counting() {
    ashlar::Config config;
    config.fuel = true;
    return config;
  }

  ashlar::Engine engine_;
  ashlar::Linker linker_;
};

void evaluate(const Rules& rules, const Rule& rule, const Order& order, const Budget& budget) {
  auto loaded = rules.load(rule);
  if (!loaded) {
    std::printf("%s: refused: %s\n", rule.name, loaded.error().message().c_str());
    return;
  }
  auto percent = rules.discount(*loaded, order, budget);
  if (percent) {
    std::printf("%s: %g\n", rule.name, *percent);
  } else {
    std::printf("%s: failed: %s\n", rule.name, percent.error().message().c_str());
  }
}

}  // namespace

int main() {
  const Rules rules;
  const Order order{3, 120};
  for (const Rule& rule : kRules) evaluate(rules, rule, order, {});
  // With all the fuel of the world, time is what ends a rule.
  evaluate(rules, kRules[2], order, {.fuel = int64_t{1} << 60, .time = std::chrono::milliseconds(20)});
}
