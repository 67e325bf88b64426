// Tests the command-line parser: forms of flags, operands, suggestions, values with units.
#include "cli/args.h"

#include <gtest/gtest.h>

namespace ashlar::cli {
namespace {

enum : int { kOut, kAll, kDir };
constexpr Flag kFlags[] = {
    {kOut, 'o', "output", "FILE", ""},
    {kAll, 'a', "all", "", ""},
    {kDir, 0, "dir", "DIR", ""},
};

Result<Args> parse(bool flags_end_at_operand, std::vector<std::string> words) {
  static std::vector<std::string> kept;  // Args holds views
  kept = std::move(words);
  static std::vector<char*> argv;
  argv.clear();
  for (std::string& word : kept) argv.push_back(word.data());
  static Command command;
  command.flags = kFlags;
  command.flags_end_at_operand = flags_end_at_operand;
  return parse_args(command, argv);
}

TEST(Args, FormsOfValues) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--output", "x"}, {"--output=x"}, {"-o", "x"}, {"-ox"}, {"-o=x"}, {"-aox"}}) {
    Result<Args> args = parse(false, words);
    ASSERT_TRUE(args) << words[0];
    EXPECT_EQ(args->value(kOut), "x") << words[0];
    EXPECT_TRUE(args->operands.empty());
  }
}

TEST(Args, OperandsEndFlagsWhereTheGuestsBegin) {
  Result<Args> mixed = parse(false, {"file", "--all", "-"});
  ASSERT_TRUE(mixed);
  EXPECT_TRUE(mixed->has(kAll));
  EXPECT_EQ(mixed->operands, (std::vector<std::string_view>{"file", "-"}));
  Result<Args> guest = parse(true, {"--dir", ".", "file", "--all"});
  ASSERT_TRUE(guest);
  EXPECT_FALSE(guest->has(kAll));
  EXPECT_EQ(guest->operands, (std::vector<std::string_view>{"file", "--all"}));
  Result<Args> dashes = parse(false, {"--", "--all"});
  ASSERT_TRUE(dashes);
  EXPECT_EQ(dashes->operands, std::vector<std::string_view>{"--all"});
}

TEST(Args, LastValueWinsAndAllAreKept) {
  Result<Args> args = parse(false, {"--dir", "a", "--dir=b"});
  ASSERT_TRUE(args);
  EXPECT_EQ(args->value(kDir), "b");
  EXPECT_EQ(args->flags.size(), 2u);
}

TEST(Args, Mistakes) {
  const auto message = [](std::vector<std::string> words) {
    Result<Args> args = parse(false, std::move(words));
    return args ? std::string("none") : args.error().message();
  };
  EXPECT_EQ(message({"--ouput", "x"}), "unknown flag '--ouput'; did you mean '--output'?");
  EXPECT_EQ(message({"-dir"}), "unknown flag '-dir'; did you mean '--dir'?");
  EXPECT_EQ(message({"--zzz"}), "unknown flag '--zzz'");
  EXPECT_EQ(message({"--dir"}), "--dir needs a value: --dir DIR");
  EXPECT_EQ(message({"--all=1"}), "--all takes no value");
}

TEST(Args, Units) {
  EXPECT_EQ(*parse_size("", "64K"), 65536u);
  EXPECT_EQ(*parse_size("", "1.5MiB"), 1572864u);
  EXPECT_EQ(*parse_size("", "17"), 17u);
  EXPECT_EQ(*parse_duration("", "500ms"), 500'000'000u);
  EXPECT_EQ(*parse_duration("", "1.5"), 1'500'000'000u);
  EXPECT_EQ(*parse_duration("", "2m"), 120'000'000'000u);
  for (const char* bad : {"", "K", "-1", "1Q", "1Kx", "nan", "inf", "1e30G"}) {
    EXPECT_FALSE(parse_size("", bad)) << bad;
    EXPECT_FALSE(parse_duration("", bad)) << bad;
  }
  EXPECT_EQ(*parse_count("", "18446744073709551615"), ~uint64_t{0});
  EXPECT_FALSE(parse_count("", "18446744073709551616"));
}

TEST(Args, Suggestions) {
  const std::string_view names[] = {"run", "validate", "parse", "print"};
  EXPECT_EQ(suggest("vaildate", names), "; did you mean 'validate'?");
  EXPECT_EQ(suggest("pirnt", names), "; did you mean 'print'?");
  EXPECT_EQ(suggest("vali", names), "; did you mean 'validate'?");
  EXPECT_EQ(suggest("quux", names), "");
  EXPECT_EQ(suggest("", names), "");
}

}  // namespace
}  // namespace ashlar::cli
