// Runs a generated module in a store of its own and writes down everything that can be seen of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/engine.h"
#include "runtime/gc_heap.h"
#include "runtime/value.h"

namespace ashlar::fuzz {

struct ExecuteOptions {
  runtime::BoundsChecks bounds_checks = runtime::BoundsChecks::GuardPages;
  std::optional<int64_t> fuel;  ///< what each call may take
  isa::FuelCosts fuel_costs = {};
  /// The module is nobody's in particular: little memory, no threads (their waits may never end). Give it fuel, too.
  bool untrusted = false;
  runtime::GcStress stress = {};
  int rounds = 2;                       ///< calls of each function
  const runtime::Tier* tier = nullptr;  ///< null: the interpreter
  /// Called with the module before it is instantiated: for its compiled code.
  std::function<Status(runtime::CompiledModule&)> prepare = {};
  /// Called after `go_on_after` rounds: the module that it makes of the instance, and of its module's binary, goes on
  /// in its place, in a store of its own.
  std::function<Result<std::vector<uint8_t>>(runtime::Instance&, std::span<const uint8_t>)> go_on = {};
  int go_on_after = 1;
};

/// A number as its type and bits: {"f32", 0x7fc00000}; of references and vectors little is told.
using Number = std::pair<std::string, uint64_t>;

struct Call {
  std::string function;
  std::vector<Number> args;
  std::string outcome;  ///< "ok", or the error's id
  std::string place;    ///< of a trap: the innermost frame of its backtrace
  std::vector<Number> results;
  uint64_t graph = 0;  ///< hash of what globals and tables lead to afterwards
  bool operator==(const Call&) const = default;
};

struct Execution {
  std::string outcome;  ///< of loading and instantiating: "ok", or the error in words
  std::vector<Call> calls;
  std::vector<std::pair<std::string, Number>> globals;
  std::vector<std::pair<std::string, uint32_t>> memories;   ///< Adler-32 of the contents
  std::vector<std::pair<std::string, std::string>> tables;  ///< a letter an element: n(ull) or r(eference)
  bool operator==(const Execution&) const = default;
};

/// Instantiates the module and calls each of its functions some times, with arguments that differ.
Execution execute(std::span<const uint8_t> bytes, const ExecuteOptions& options);

/// Where two executions differ, in words; empty when they are equal.
std::string difference(const Execution& a, const Execution& b);
std::string to_json(const Execution& execution);

}  // namespace ashlar::fuzz
