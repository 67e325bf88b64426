// Machine code by hand for tests of the native convention, and a tier that runs it.
#pragma once

#if defined(__x86_64__)

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "interp/faults.h"
#include "native/enter.h"
#include "native/image.h"
#include "runtime/fake_tier.h"
#include "runtime/store.h"

namespace ashlar::native::machine {

/// Functions of machine.cc by index in the module; the first two are imported.
enum Func : uint32_t {
  kImport,      ///< (i64) -> i64
  kWideImport,  ///< of kForward's type
  kIntegers,    ///< (i64, i32, i64, i64, i64, i64, i32) -> i64: sum of position * value; two in the buffer
  kFloats,      ///< (f64 * 8, f32, v128) -> v128: the vector with the f32 in its lowest lane; two in the buffer
  kPair,        ///< (i64 x) -> (i32 x, i64 x + 1)
  kCallOut,     ///< (i64) -> i64: function 0 of the same, plus 0x1234; uses rbx, rbp, r12
  kCatch,       ///< (i64) -> i64: kCallOut + rbp and rbx of its own; an exception's reference + 1000000 instead
  kTrap,        ///< (i64): integer divide by zero
  kLoad,        ///< (i32) -> i32 from memory 0, without a frame
  kRecurse,     ///< (i64 n): calls itself n times, then `unreachable`
  kHelper,      ///< (i64 number, i64 argument) -> i64: the helper of that number with one argument
  kDeepHelper,  ///< (i64): calls check_stop and itself for ever
  kForward,     ///< kWideImport of the same. 13 slots -> 13 slots: see wide_type()
  kSpin,        ///< (i64): counts in memory at 8, for ever, without a frame
  kTree,        ///< (i64 n) -> i64: Fibonacci; in memory at 0 how many of its frames there are. Leaves have no frame
  kHelperLoop,  ///< (i64): memory.grow by nothing, which takes a lock, for ever
  kHostLoop,    ///< (i64): kImport of 7, for ever
  kCount
};

std::vector<isa::ValType> wide_type();

/// The module of these functions, with the tier that knows their code.
class Machine {
 public:
  explicit Machine(const runtime::Config& config = {});
  ~Machine();
  runtime::Instance* instantiate(runtime::Store& store, runtime::FuncCell* import, runtime::FuncCell* wide_import);
  const std::shared_ptr<runtime::Engine>& engine() const { return engine_; }
  const Image& image() const { return *image_; }
  /// Calls function f of the instance by its code. Slots hold parameters, then results.
  Status call(runtime::Instance& instance, Func f, runtime::Slot* slots);

 private:
  std::shared_ptr<runtime::Engine> engine_;
  std::shared_ptr<Image> image_;
  std::shared_ptr<runtime::CompiledModule> compiled_;
};

}  // namespace ashlar::native::machine

#endif
