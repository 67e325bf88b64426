// The command-line parser: flags, values, suggestions and help text.
#include "cli/args.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "cli/output.h"

namespace ashlar::cli {

const Args::Given* Args::find(int id) const {
  for (size_t i = flags.size(); i-- > 0;) {
    if (flags[i].id == id) return &flags[i];
  }
  return nullptr;
}

std::string_view Args::value(int id, std::string_view otherwise) const {
  const Given* given = find(id);
  return given ? given->value : otherwise;
}

namespace {

class Parser {
 public:
  Parser(const Command& command, std::span<char* const> argv) : command_(command), argv_(argv) {
    args_.command = &command;
  }

  Result<Args> parse() {
    bool only_operands = false;
    for (; next_ < argv_.size(); ++next_) {
      const std::string_view word = argv_[next_];
      if (only_operands || word.size() < 2 || word[0] != '-') {
        args_.operands.push_back(word);
        only_operands |= command_.flags_end_at_operand;
      } else if (word == "--") {
        only_operands = true;
      } else if (word[1] == '-') {
        TRY(parse_long(word));
      } else {
        TRY(parse_letters(word));
      }
      if (args_.help) break;
    }
    return std::move(args_);
  }

 private:
  const Flag* find_long(std::string_view name) const {
    for (const Flag& flag : command_.flags) {
      if (!flag.name.empty() && flag.name == name) return &flag;
    }
    return nullptr;
  }
  const Flag* find_letter(char letter) const {
    for (const Flag& flag : command_.flags) {
      if (flag.letter == letter) return &flag;
    }
    return nullptr;
  }

  Status parse_long(std::string_view word) {
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    const Flag* flag = find_long(name);
    if (!flag) {
      if (name == "help") {
        args_.help = true;
        return {};
      }
      return unknown(word.substr(0, equals));
    }
    const std::string_view shown = word.substr(0, name.size() + 2);
    if (flag->value.empty()) {
      if (equals != word.npos) return make_error(ErrorCode::flag_takes_no_value, kNoOffset, std::string(shown));
      args_.flags.push_back({flag->id, shown, {}});
      return {};
    }
    if (equals != word.npos) {
      args_.flags.push_back({flag->id, shown, word.substr(equals + 1)});
      return {};
    }
    return take_value(*flag, shown);
  }

  /// -x, -xy (switches), -oFILE, -o FILE, -o=FILE.
  Status parse_letters(std::string_view word) {
    for (size_t i = 1; i < word.size(); ++i) {
      const Flag* flag = find_letter(word[i]);
      if (!flag) {
        if (word[i] == 'h') {
          args_.help = true;
          return {};
        }
        return unknown(i == 1 ? word : std::string_view(std::string("-") + word[i]));
      }
      if (flag->value.empty()) {
        args_.flags.push_back({flag->id, word, {}});
        continue;
      }
      if (i + 1 == word.size()) return take_value(*flag, word);
      const size_t from = word[i + 1] == '=' ? i + 2 : i + 1;
      args_.flags.push_back({flag->id, word.substr(0, 2), word.substr(from)});
      return {};
    }
    return {};
  }

  Status take_value(const Flag& flag, std::string_view shown) {
    if (next_ + 1 == argv_.size()) {
      return make_error(ErrorCode::flag_needs_value, kNoOffset, std::string(shown), std::string(flag.value));
    }
    args_.flags.push_back({flag.id, shown, argv_[++next_]});
    return {};
  }

  Status unknown(std::string_view word) const {
    std::vector<std::string> names;
    for (const Flag& flag : command_.flags) {
      if (!flag.name.empty()) names.push_back("--" + std::string(flag.name));
    }
    names.push_back("--help");
    const std::vector<std::string_view> views(names.begin(), names.end());
    // "-dir" is meant as "--dir".
    const bool one_dash = word.size() > 2 && word[1] != '-';
    const std::string looked_up = one_dash ? "-" + std::string(word) : std::string(word);
    return make_error(ErrorCode::unknown_flag, kNoOffset, std::string(word), suggest(looked_up, views));
  }

  const Command& command_;
  std::span<char* const> argv_;
  size_t next_ = 0;
  Args args_;
};

/// Splits "12.5ms" into the number and its unit.
bool split_number(std::string_view text, double* number, std::string_view* unit) {
  const char* end = text.data() + text.size();
  const std::from_chars_result parsed = std::from_chars(text.data(), end, *number, std::chars_format::fixed);
  if (parsed.ec != std::errc() || *number < 0 || !std::isfinite(*number)) return false;
  *unit = std::string_view(parsed.ptr, static_cast<size_t>(end - parsed.ptr));
  return true;
}

std::unexpected<Error> bad_value(std::string_view flag, std::string_view text, const char* wanted) {
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(text), wanted);
}

std::string flag_column(const Flag& flag) {
  std::string out = flag.letter ? std::string("  -") + flag.letter : "    ";
  if (!flag.name.empty()) out += (flag.letter ? ", --" : "  --") + std::string(flag.name);
  if (!flag.value.empty()) out += " " + std::string(flag.value);
  return out;
}

}  // namespace

Result<Args> parse_args(const Command& command, std::span<char* const> argv) { return Parser(command, argv).parse(); }

std::string help_text(const Command& command, bool colour) {
  std::string out = bold("Usage:", colour) + " ashlar " + std::string(command.name);
  if (!command.flags.empty()) out += " [FLAGS]";
  if (!command.operands.empty()) out += " " + std::string(command.operands);
  out += "\n\n" + std::string(command.summary) + ".\n";
  if (!command.details.empty()) out += "\n" + std::string(command.details) + "\n";
  if (command.flags.empty()) return out;
  out += "\n" + bold("Flags:", colour) + "\n";
  constexpr size_t kColumn = 32;
  for (const Flag& flag : command.flags) {
    if (flag.help.empty()) continue;
    std::string line = flag_column(flag);
    if (line.size() + 2 > kColumn) {
      out += line + "\n";
      line.clear();
    }
    line.resize(kColumn, ' ');
    out += line;
    for (char c : flag.help) {
      out += c;
      if (c == '\n') out.append(kColumn, ' ');
    }
    out += '\n';
  }
  return out;
}

Result<uint64_t> parse_count(std::string_view flag, std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const std::from_chars_result parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return bad_value(flag, text, "a whole number");
  return value;
}

Result<uint64_t> parse_size(std::string_view flag, std::string_view text) {
  constexpr const char* kWanted = "a size (such as 4096, 64K, 512M or 2G)";
  double number = 0;
  std::string_view unit;
  if (!split_number(text, &number, &unit)) return bad_value(flag, text, kWanted);
  double scale = 1;
  if (!unit.empty()) {
    constexpr std::string_view kUnits = "BKMGT";
    const size_t power = kUnits.find(static_cast<char>(unit[0] & ~0x20));
    const std::string_view rest = unit.substr(1);
    const bool known_rest = rest.empty() || (power > 0 && (rest == "B" || rest == "iB" || rest == "b"));
    if (power == kUnits.npos || !known_rest) return bad_value(flag, text, kWanted);
    scale = std::ldexp(1.0, static_cast<int>(10 * power));
  }
  if (number * scale >= 0x1p63) return bad_value(flag, text, kWanted);
  return static_cast<uint64_t>(number * scale);
}

Result<uint64_t> parse_duration(std::string_view flag, std::string_view text) {
  constexpr const char* kWanted = "a duration (such as 500ms, 5s or 2m)";
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  constexpr Unit kUnits[] = {{"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  double number = 0;
  std::string_view unit;
  if (!split_number(text, &number, &unit)) return bad_value(flag, text, kWanted);
  for (const Unit& known : kUnits) {
    if (unit == known.name && number * known.nanoseconds < 0x1p62) {
      return static_cast<uint64_t>(number * known.nanoseconds);
    }
  }
  return bad_value(flag, text, kWanted);
}

void add_list(std::vector<std::string>& out, std::string_view text) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
}

Result<bool> parse_switch(std::string_view flag, std::string_view text) {
  for (std::string_view yes : {"y", "yes", "true", "1", "on"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"n", "no", "false", "0", "off"}) {
    if (text == no) return false;
  }
  return bad_value(flag, text, "y or n");
}

}  // namespace ashlar::cli
