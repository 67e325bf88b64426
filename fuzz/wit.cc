// Fuzz target: any WIT text resolves without harm, and what resolves prints as text that reads and prints the same
// again.
#include <string>
#include <vector>

#include "support/fail.h"
#include "wit/diff.h"
#include "wit/json.h"
#include "wit/print.h"
#include "wit/resolve.h"

using namespace ashlar;

namespace {

Result<wit::Resolved> resolve(const std::string& text, const wit::ResolveOptions& options) {
  std::vector<wit::SourceGroup> groups(1);
  groups[0].files.push_back({"input.wit", text});
  return wit::resolve(groups, options);
}

void check(const std::string& text, const wit::ResolveOptions& options) {
  const Result<wit::Resolved> first = resolve(text, options);
  if (!first) {
    static_cast<void>(first.error().render());
    return;
  }
  static_cast<void>(wit::to_json(first->model));
  const std::string once = wit::print_with_dependencies(first->model, first->roots[0]);
  const Result<wit::Resolved> second = resolve(once, options);
  if (!second) fuzz::fail("what is printed is not read: " + second.error().render() + "\n" + once);
  const std::string again = wit::print_with_dependencies(second->model, second->roots[0]);
  if (again != once) fuzz::fail("printing twice differs:\n" + once + "--- again\n" + again);
  const auto changes = wit::diff_packages(first->model, first->roots[0], second->model, second->roots[0]);
  if (!changes.empty()) fuzz::fail("a package differs from itself: " + changes[0].where + ": " + changes[0].what);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(text, {});
  check(text, {.features = {}, .all_features = true});
  return 0;
}
