// Handlers of the scalar float instructions and conversions.
#include "interp/numeric_tables.h"

namespace ashlar::interp {
namespace {
struct FloatFamily {
  static constexpr bool has(Op op) { return !is_int_op(op) && !is_vector_op(op); }
};
}  // namespace

const Handler* float_table(Op op) { return kFamilyTables<FloatFamily>[static_cast<size_t>(op)]; }

}  // namespace ashlar::interp
