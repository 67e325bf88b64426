// The printer's property over the specification suite: printed modules parse back to the same binary.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "text/round_trip.h"
#include "text/script.h"

namespace ashlar::text {
namespace {

void check(const std::string& file, const Command& command, size_t& modules) {
  for (const Command& inner : command.body) check(file, inner, modules);
  if (!command.has_module) return;
  ParseOptions options;
  options.debug_names = modules % 2 == 0;
  Result<std::vector<uint8_t>> bytes = to_binary(command.module, options);
  if (!bytes) {
    const bool may_fail = command.kind == Command::Kind::AssertMalformed ||
                          command.kind == Command::Kind::AssertMalformedCustom ||
                          command.kind == Command::Kind::AssertInvalidCustom;
    EXPECT_TRUE(may_fail) << file << ":" << command.position.line << ": " << bytes.error().render();
    return;
  }
  ++modules;
  const bool is_binary = command.module.kind == ModuleSource::Kind::Binary;
  EXPECT_EQ(round_trip_problem(*bytes, is_binary), "") << file << ":" << command.position.line;
}

TEST(SuiteRoundTrip, EveryModule) {
  const char* root = std::getenv("ASHLAR_SPEC_DIR");
  if (root == nullptr || !std::filesystem::is_directory(root)) GTEST_SKIP() << "ASHLAR_SPEC_DIR is not set";
  size_t modules = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string path = entry.path().string();
    const bool is_script = entry.path().extension() == ".wast";
    if (!is_script || path.find("custom-descriptors") != std::string::npos) continue;  // a proposal not supported yet
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    Result<Script> script = parse_script(text);
    ASSERT_TRUE(script) << path << ": " << script.error().render();
    for (const Command& command : script->commands) check(path, command, modules);
  }
  EXPECT_GT(modules, 5000u);
}

}  // namespace
}  // namespace ashlar::text
