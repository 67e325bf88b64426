// Running generated modules; see execute.h.
#include "support/execute.h"

#include <cstring>
#include <utility>

#include "binary/decode.h"
#include "interp/interp.h"
#include "runtime/linker.h"
#include "runtime/store.h"
#include "support/generate.h"
#include "support/graph.h"
#include "validate/validate.h"

namespace ashlar::fuzz {

namespace {

using isa::ValKind;
using isa::ValType;
using runtime::Value;

constexpr int32_t kCountdown = 120;  // of the module's own fuel, a call

uint32_t adler32(std::span<const uint8_t> data) {
  constexpr uint32_t kModulus = 65521;
  constexpr size_t kChunk = 4096;  // sums of so many bytes fit
  uint32_t a = 1, b = 0;
  for (size_t at = 0; at < data.size(); at += kChunk) {
    for (const uint8_t byte : data.subspan(at, std::min(kChunk, data.size() - at))) b += a += byte;
    a %= kModulus;
    b %= kModulus;
  }
  return b << 16 | a;
}

Number number(ValType type, uint64_t bits) {
  switch (type.kind()) {
    case ValKind::I32:
      return {"i32", bits & 0xffffffffu};
    case ValKind::I64:
      return {"i64", bits};
    case ValKind::F32:
      return {"f32", bits & 0xffffffffu};
    case ValKind::F64:
      return {"f64", bits};
    case ValKind::V128:
      return {"v128", bits};
    default:
      return {"ref", bits == 0 ? 0 : 1};
  }
}

/// NaNs are canonical: not every engine's interface passes others unchanged.
Value argument(ValType type, size_t salt) {
  constexpr int64_t kIntegers[] = {0, 1, 7, -1, 255, INT32_MIN, INT32_MAX, 0x123456789abcdef, INT64_MIN, 40};
  constexpr double kFloats[] = {0.0, 1.5, -2.0, 1e9, -0.0, 3e38, -7.25, 1e-300};
  Value out{type};
  if (type.is_ref()) return out;
  if (type.kind() == ValKind::I32 || type.kind() == ValKind::I64) {
    out.lo = static_cast<uint64_t>(kIntegers[salt % std::size(kIntegers)]);
    if (type.kind() == ValKind::I32) out.lo &= 0xffffffffu;
    return out;
  }
  const bool is_nan = salt % 11 == 10;
  const double value = kFloats[salt % std::size(kFloats)];
  if (type.kind() == ValKind::F64) {
    out.lo = is_nan ? 0x7ff8000000000000u : __builtin_bit_cast(uint64_t, value);
  } else {
    out.lo = is_nan ? 0x7fc00000u : __builtin_bit_cast(uint32_t, static_cast<float>(value));
  }
  return out;
}

std::string outcome_of(const Error& error) {
  std::string out(error_info(error.code()).id);
  // Traps and exhaustion are behaviour; anything else is a fault of the generator or of the runtime.
  if (error.phase() != Phase::Trap) out += ": " + error.render();
  return out;
}

/// The innermost frame of a trap. Where the stack ends is each tier's own affair, and so is who throws an exception
/// again.
std::string place_of(const Error& error) {
  if (error.code() == ErrorCode::call_stack_exhausted || error.code() == ErrorCode::uncaught_exception) return {};
  const size_t at = error.notes().find(" 0: ");
  if (at == std::string::npos) return {};
  const size_t from = error.notes().find_first_not_of(' ', at + 3);
  return error.notes().substr(from, error.notes().find('\n', at) - from);
}

class Runner {
 public:
  Runner(std::span<const uint8_t> bytes, const ExecuteOptions& options) : options_(options) {
    runtime::Config config;
    config.features = isa::Features::all();
    if (options.untrusted) config.features.set(isa::Feature::threads, false);
    config.bounds_checks = options.bounds_checks;
    config.fuel = options.fuel.has_value();
    config.fuel_costs = options.fuel_costs;
    engine_ = std::make_shared<runtime::Engine>(config, options.tier ? *options.tier : interp::tier());
    bytes_ = bytes;
    report(begin());
  }

  Execution run() {
    if (instance_ == nullptr) return std::move(out_);
    for (int round = 0; round < options_.rounds; ++round) {
      if (options_.go_on && round == options_.go_on_after) report(go_on());
      if (instance_ == nullptr) return std::move(out_);
      for (size_t i = 0; i < instance_->module().exports.size(); ++i) {
        const module::Export& e = instance_->module().exports[i];
        if (e.kind == module::ExternKind::Func) call(i, static_cast<size_t>(round) * 17 + i);
      }
    }
    for (size_t i = 0; i < instance_->module().exports.size(); ++i) record(i);
    return std::move(out_);
  }

 private:
  /// A store with the module.
  Status begin() {
    runtime::StoreLimits limits;
    limits.stack_bytes = 1u << 20;
    limits.gc_heap_bytes = 64u << 20;
    limits.gc_stress = options_.stress;
    if (options_.untrusted) {
      limits.memory_bytes = limits.gc_heap_bytes = 1u << 20;
      limits.table_elements = 10'000;
    }
    instance_ = nullptr;
    store_ = std::make_unique<runtime::Store>(engine_, limits);
    refuel();
    return load(bytes_);
  }

  Status go_on() {
    TRY_ASSIGN(made_, options_.go_on(*std::exchange(instance_, nullptr), bytes_));
    bytes_ = made_;
    return begin();
  }

  void report(const Status& status) { out_.outcome = status ? "ok" : status.error().render(); }

  void refuel() { store_->fuel = options_.fuel.value_or(0); }

  Status load(std::span<const uint8_t> bytes) {
    binary::DecodeOptions decode_options;
    decode_options.features = engine_->config().features;
    TRY_ASSIGN(auto m, binary::decode(std::vector<uint8_t>(bytes.begin(), bytes.end()), decode_options));
    validate::ValidateOptions validate_options;
    validate_options.features = engine_->config().features;
    validate_options.threads = 1;
    TRY(validate::validate(*m, engine_->types(), validate_options));
    runtime::Linker linker(*store_);
    runtime::HostFunc mix;
    mix.name = "mix";
    mix.call = [](runtime::Caller&, runtime::Slot* slots) -> Status {
      slots[0] = slots[0] * 31 + slots[1];
      return {};
    };
    linker.define_func("env", "mix", {{ValType::i64(), ValType::i64()}, {ValType::i64()}}, std::move(mix));
    auto compiled = std::make_shared<runtime::CompiledModule>(engine_, std::move(m));
    if (options_.prepare) TRY(options_.prepare(*compiled));
    kept_.push_back(compiled);
    TRY_ASSIGN(instance_, linker.instantiate(std::move(compiled)));
    return {};
  }

  void call(size_t export_index, size_t salt) {
    runtime::Extern fuel{};
    // A module that is not generated may export anything under that name.
    if (instance_->find_export(kFuelExport, &fuel) && fuel.kind == module::ExternKind::Global &&
        fuel.global->type.mut && fuel.global->type.type == ValType::i32()) {
      fuel.global->value[0] = kCountdown;
    }
    refuel();
    const module::Export& e = instance_->module().exports[export_index];
    Call done;
    done.function = e.name;
    std::vector<Value> args, results;
    for (const ValType type : instance_->module().func_type(e.index).params) {
      args.push_back(argument(type, salt++));
      done.args.push_back(number(type, args.back().lo));
    }
    const Status status = store_->call(instance_->export_at(export_index).func, args, results);
    done.outcome = status ? "ok" : outcome_of(status.error());
    if (!status) done.place = place_of(status.error());
    if (options_.fuel) done.outcome += " with " + std::to_string(store_->fuel) + " left";
    for (const Value& result : results) done.results.push_back(number(result.type, result.lo));
    done.graph = graph_hash(*instance_);
    out_.calls.push_back(std::move(done));
  }

  void record(size_t export_index) {
    const std::string name(instance_->module().exports[export_index].name);
    const runtime::Extern e = instance_->export_at(export_index);
    switch (e.kind) {
      case module::ExternKind::Global:
        out_.globals.emplace_back(name, number(e.global->type.type, e.global->value[0]));
        return;
      case module::ExternKind::Memory:
        out_.memories.emplace_back(name, adler32({e.memory->base(), e.memory->byte_size()}));
        return;
      case module::ExternKind::Table: {
        std::string elems;
        for (uint64_t i = 0; i < e.table->size(); ++i) elems += e.table->get(i) == 0 ? 'n' : 'r';
        out_.tables.emplace_back(name, std::move(elems));
        return;
      }
      default:
        return;
    }
  }

  const ExecuteOptions options_;
  std::span<const uint8_t> bytes_;
  std::vector<uint8_t> made_;
  std::vector<std::shared_ptr<runtime::CompiledModule>> kept_;  ///< so that types have the same numbers in all
  std::shared_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::Store> store_;
  runtime::Instance* instance_ = nullptr;
  Execution out_;
};

std::string json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + '"';
}

std::string json(uint32_t value) { return std::to_string(value); }
std::string json(const Number& value) { return "[\"" + value.first + "\"," + std::to_string(value.second) + "]"; }

template <class T>
std::string json(const std::pair<std::string, T>& pair) {
  return json(pair.first) + ":" + json(pair.second);
}

std::string json(const Call& call);

template <class T>
std::string list(const std::vector<T>& items, char open, char close) {
  std::string out(1, open);
  for (const T& item : items) {
    if (out.size() > 1) out += ',';
    out += json(item);
  }
  return out + close;
}

std::string json(const Call& call) {
  return "{\"function\":" + json(call.function) + ",\"args\":" + list(call.args, '[', ']') +
         ",\"outcome\":" + json(call.outcome) + ",\"place\":" + json(call.place) +
         ",\"results\":" + list(call.results, '[', ']') + ",\"graph\":" + std::to_string(call.graph) + "}";
}

}  // namespace

Execution execute(std::span<const uint8_t> bytes, const ExecuteOptions& options) {
  return Runner(bytes, options).run();
}

std::string difference(const Execution& a, const Execution& b) {
  if (a == b) return {};
  if (a.outcome != b.outcome) return a.outcome + " / " + b.outcome;
  for (size_t i = 0; i < a.calls.size() && i < b.calls.size(); ++i) {
    if (!(a.calls[i] == b.calls[i])) return json(a.calls[i]) + "\n/ " + json(b.calls[i]);
  }
  return to_json(a) + "\n/ " + to_json(b);
}

std::string to_json(const Execution& e) {
  return "{\"outcome\":" + json(e.outcome) + ",\"calls\":" + list(e.calls, '[', ']') +
         ",\"globals\":" + list(e.globals, '{', '}') + ",\"memories\":" + list(e.memories, '{', '}') +
         ",\"tables\":" + list(e.tables, '{', '}') + "}";
}

}  // namespace ashlar::fuzz
