// What the program with failing allocations does: a list of scenarios.
#pragma once

#include <span>
#include <string>

namespace oom {

/// One run of a scenario. What it does between on() and off() is what allocations fail in.
class Run {
 public:
  void on();
  void off();
  /// What is wrong is printed, and fails the test.
  void expect(bool right, const char* what);
  /// What may fail for want of memory, and only while on: true when it succeeded.
  template <class R>
  bool ok(const R& result, const char* what) {
    if (result) return true;
    note(result.error().id(), what);
    return false;
  }
  bool good() const { return good_; }

 private:
  void note(std::string_view id, const char* what);
  bool good_ = true;
};

struct Scenario {
  const char* name;
  /// May throw std::bad_alloc while on.
  void (*run)(Run& run);
};
std::span<const Scenario> scenarios();
/// A compiled artifact of scenarios' own module; empty: those that need it do nothing.
void use_artifact(std::string path);

}  // namespace oom
