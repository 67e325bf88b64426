// From trap numbers to errors.
#include "runtime/traps.h"

#include <cstddef>

#include "runtime/store.h"

namespace ashlar::runtime {

namespace {

constexpr int kNumbers[] = {
#define TRAP(number, id) number,
#include "runtime/traps.def"
#undef TRAP
};

consteval bool numbers_count_up() {
  int expected = 1;
  for (int number : kNumbers) {
    if (number != expected++) return false;
  }
  return expected <= 256;
}
static_assert(numbers_count_up(), "traps.def: numbers are 1, 2, 3, ...");

}  // namespace

ErrorCode to_error(Trap trap) {
  switch (trap) {
    case Trap::none:
      break;
#define TRAP(number, id) \
  case Trap::id:         \
    return ErrorCode::id;
#include "runtime/traps.def"
#undef TRAP
  }
  check_failed("trap != Trap::none", __FILE__, __LINE__);
}

Error make_trap(const Store& store, Trap trap) {
  if (trap == Trap::out_of_memory) return Error::no_memory();
  if (trap == Trap::interrupted) return Error(ErrorCode::interrupted, kNoOffset, store.interrupt_reason());
  return Error(to_error(trap));
}

Status to_status(const Store& store, Trap trap) {
  if (trap == Trap::none) return {};
  return std::unexpected<Error>(make_trap(store, trap));
}

}  // namespace ashlar::runtime
