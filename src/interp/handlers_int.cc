// Handlers of the scalar integer instructions.
#include "interp/numeric_tables.h"

namespace ashlar::interp {
namespace {
struct IntFamily {
  static constexpr bool has(Op op) { return is_int_op(op) && !is_vector_op(op); }
};
}  // namespace

const Handler* int_table(Op op) { return kFamilyTables<IntFamily>[static_cast<size_t>(op)]; }

}  // namespace ashlar::interp
