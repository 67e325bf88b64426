// The compiler program's arguments: what is written is read back, and what is wrong is named.
#include "native/compiler_protocol.h"

#include <gtest/gtest.h>

namespace ashlar::native {
namespace {

Result<CompileRequest> parse(std::vector<std::string> arguments) {
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  return parse_arguments(raw);
}

TEST(CompilerProtocol, RoundTrip) {
  CompileRequest request;
  request.input = "fd:3";
  request.output = "out dir/a=b.cwasm";
  request.emit = CompileRequest::Emit::Ir;
  request.level = 's';
  request.arch = "aarch64";
  request.cpu = "generic";
  request.threads = 3;
  request.config = {
      .explicit_bounds = true, .fuel = true, .features = isa::Features::all().raw(), .fuel_costs = "nop=0,i32.mul=3"};
  request.only = "fd:5";
  request.passes = "default<O1>";
  request.progress = 4;
  request.background = true;
  request.all_places = true;
  request.parent = 4711;
  request.pretend_unsupported = "i32.add,br_table";
  const auto back = parse(to_arguments(request));
  ASSERT_TRUE(back.has_value()) << back.error().message();
  EXPECT_EQ(back->input, request.input);
  EXPECT_EQ(back->output, request.output);
  EXPECT_EQ(back->emit, request.emit);
  EXPECT_EQ(back->level, 's');
  EXPECT_EQ(back->arch, "aarch64");
  EXPECT_EQ(back->cpu, "generic");
  EXPECT_EQ(back->threads, 3u);
  EXPECT_TRUE(back->config.explicit_bounds);
  EXPECT_TRUE(back->config.fuel);
  EXPECT_EQ(back->config.fuel_costs, "nop=0,i32.mul=3");
  EXPECT_EQ(back->config.features, request.config.features);
  EXPECT_EQ(back->only, "fd:5");
  EXPECT_EQ(back->passes, "default<O1>");
  EXPECT_EQ(back->progress, 4);
  EXPECT_TRUE(back->background);
  EXPECT_TRUE(back->all_places);
  EXPECT_EQ(back->parent, 4711);
  EXPECT_EQ(back->pretend_unsupported, "i32.add,br_table");
}

TEST(CompilerProtocol, SourceLines) {
  CompileRequest request;
  request.emit = CompileRequest::Emit::SourceLines;
  request.source_lines = "fd:4";
  request.input = "fd:3";
  request.output = "fd:5";
  const auto back = parse(to_arguments(request));
  ASSERT_TRUE(back.has_value()) << back.error().message();
  EXPECT_EQ(back->emit, CompileRequest::Emit::SourceLines);
  EXPECT_EQ(back->source_lines, "fd:4");
  EXPECT_EQ(back->input, "fd:3");
  EXPECT_EQ(back->output, "fd:5");
}

TEST(CompilerProtocol, Serve) {
  CompileRequest request;
  request.serve = 3;
  const auto back = parse(to_arguments(request));
  ASSERT_TRUE(back.has_value()) << back.error().message();
  EXPECT_EQ(back->serve, 3);
}

TEST(CompilerProtocol, Disassembly) {
  CompileRequest request;
  request.emit = CompileRequest::Emit::Disassembly;
  request.input = "a.cwasm";
  const auto back = parse(to_arguments(request));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->emit, CompileRequest::Emit::Disassembly);
  EXPECT_EQ(back->input, "a.cwasm");
}

TEST(CompilerProtocol, Mistakes) {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"a.wasm"},
           {"a.wasm", "b", "c"},
           {"--level=4", "a", "b"},
           {"--level=", "a", "b"},
           {"--emit=obj", "a", "b"},
           {"--features=all", "a", "b"},
           {"--threads=99999", "a", "b"},
           {"--protocol=999", "a", "b"},
           {"--nonsense", "a", "b"},
       }) {
    const auto got = parse(wrong);
    ASSERT_FALSE(got.has_value()) << wrong[0];
    EXPECT_EQ(got.error().phase(), Phase::Usage);
  }
}

TEST(CompilerProtocol, FeaturesAndDescriptors) {
  for (isa::Features features : {isa::Features::all(), isa::Features::mvp(), isa::Features()}) {
    EXPECT_EQ(features_from_bits(features.raw()), features);
  }
  EXPECT_EQ(features_from_bits(~uint64_t{0}), isa::Features::all());
  EXPECT_EQ(descriptor_of("fd:12"), 12);
  for (const char* path : {"fd:", "fd:x", "fd:-1", "fd:99999999999", "./fd:3", ""}) EXPECT_EQ(descriptor_of(path), -1);
}

}  // namespace
}  // namespace ashlar::native
