// Property test: every module and component of the given scripts, texts and binaries survives the way through encoder,
// decoder, printer (modules flat and folded) and parser, byte for byte.
//
//   round_trip [--dump DIR] FILE-OR-FOLDER...
// --dump writes each module as DIR/<n>.wasm and DIR/<n>.wat: seeds for the fuzz targets. Exit code 77: nothing to test.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "component/decode.h"
#include "component/text/parse.h"
#include "support/component_round_trip.h"
#include "support/round_trip.h"
#include "text/parse.h"
#include "text/script.h"

using namespace ashlar;
namespace fs = std::filesystem;

namespace {

constexpr int kSkipped = 77;

struct Tally {
  fs::path dump;
  size_t modules = 0;
  size_t components = 0;
  size_t refused = 0;  ///< malformed or invalid ones, which the suite has on purpose
  size_t failed = 0;
};

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string_view chars(const fuzz::Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void check(const fuzz::Bytes& bytes, bool from_text, const std::string& where, Tally& tally) {
  ++tally.modules;
  Result<std::unique_ptr<module::Module>> m = fuzz::decode(bytes);
  if (!m || !fuzz::validate(**m)) {
    ++tally.refused;
    return;
  }
  if (!tally.dump.empty()) write(tally.dump / (std::to_string(tally.modules) + ".wasm"), chars(bytes));
  const Status status = fuzz::check_module(bytes, from_text);
  if (status) return;
  ++tally.failed;
  std::printf("%s: %s\n", where.c_str(), status.error().render().c_str());
}

void check_component(const fuzz::Bytes& bytes, bool from_text, const std::string& where, Tally& tally) {
  ++tally.components;
  const auto c = fuzz::decode_component(bytes);
  if (!c || !fuzz::validate_component(**c)) {
    ++tally.refused;
    return;
  }
  const Status status = fuzz::check_component(**c, from_text);
  if (status) return;
  ++tally.failed;
  std::printf("%s: %s\n", where.c_str(), status.error().render().c_str());
}

/// Whether the text holds core modules as bytes, which need not be what the encoder writes.
bool has_binary_modules(std::string_view text) { return text.find(" binary ") != text.npos; }

void check_component_source(const text::ModuleSource& source, const std::string& where, Tally& tally) {
  if (source.kind == text::ModuleSource::Kind::Binary) {
    return check_component({source.bytes.begin(), source.bytes.end()}, false, where, tally);
  }
  component::ParseOptions options;
  options.debug_names = true;
  const std::string_view text = source.kind == text::ModuleSource::Kind::Quote ? source.bytes : source.text;
  const Result<fuzz::Bytes> bytes = component::parse_component_to_binary(text, options);
  if (bytes) return check_component(*bytes, !has_binary_modules(text), where, tally);
  ++tally.components;
  ++tally.refused;
}

void check_source(const text::ModuleSource& source, const fs::path& file, Tally& tally) {
  if (source.component) {
    return check_component_source(source, file.string() + ":" + std::to_string(source.position.line), tally);
  }
  text::ParseOptions options;
  options.debug_names = true;
  const Result<fuzz::Bytes> bytes = text::to_binary(source, options);
  if (!bytes) {
    ++tally.modules;
    ++tally.refused;
    return;
  }
  const bool from_text = source.kind != text::ModuleSource::Kind::Binary;
  check(*bytes, from_text, file.string() + ":" + std::to_string(source.position.line), tally);
  if (!tally.dump.empty() && source.kind == text::ModuleSource::Kind::Text) {
    write(tally.dump / (std::to_string(tally.modules) + ".wat"), source.text);
  }
}

void check_commands(const std::vector<text::Command>& commands, const fs::path& file, Tally& tally) {
  for (const text::Command& command : commands) {
    if (command.has_module || command.kind == text::Command::Kind::Module ||
        command.kind == text::Command::Kind::ModuleDefinition) {
      check_source(command.module, file, tally);
    }
    check_commands(command.body, file, tally);
  }
}

void check_file(const fs::path& file, Tally& tally) {
  const std::string contents = read(file);
  if (file.extension() == ".wasm") {
    const fuzz::Bytes bytes(contents.begin(), contents.end());
    return component::is_component(bytes) ? check_component(bytes, false, file.string(), tally)
                                          : check(bytes, false, file.string(), tally);
  }
  const Result<text::Script> script = text::parse_script(contents);
  if (script) return check_commands(script->commands, file, tally);
  ++tally.failed;
  std::printf("%s: %s\n", file.c_str(), script.error().render().c_str());
}

bool is_test(const fs::path& path) {
  return path.extension() == ".wast" || path.extension() == ".wat" || path.extension() == ".wasm";
}

std::vector<fs::path> collect(const fs::path& root) {
  std::vector<fs::path> out;
  if (fs::is_regular_file(root)) out.push_back(root);
  if (!fs::is_directory(root)) return out;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file() && is_test(entry.path())) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Tally tally;
  size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--dump" && i + 1 < argc) {
      tally.dump = argv[++i];
      fs::create_directories(tally.dump);
      continue;
    }
    const std::vector<fs::path> found = collect(argv[i]);
    if (found.empty()) std::printf("round trip: nothing in %s: left out\n", argv[i]);
    for (const fs::path& file : found) check_file(file, tally);
    files += found.size();
  }
  std::printf("round trip: %zu files, %zu modules, %zu components, %zu of them not valid, %zu failed\n", files,
              tally.modules, tally.components, tally.refused, tally.failed);
  if (tally.failed != 0) return 1;
  return files == 0 ? kSkipped : 0;
}
