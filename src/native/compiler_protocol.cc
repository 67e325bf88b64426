// Writing and reading of the compiler program's arguments.
#include "native/compiler_protocol.h"

#include <charconv>
#include <limits>
#include <optional>

#include "isa/fuel_costs.h"

namespace ashlar::native {
namespace {

std::unexpected<Error> bad(std::string_view flag, std::string_view value, const char* wanted) {
  return make_error(ErrorCode::bad_flag_value, kNoOffset, std::string(flag), std::string(value), wanted);
}

Result<uint64_t> number(std::string_view flag, std::string_view text, uint64_t most) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const std::from_chars_result parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value > most) return bad(flag, text, "a number in range");
  return value;
}

Status set(CompileRequest& out, std::string_view flag, std::string_view value) {
  constexpr uint64_t kMostInt = std::numeric_limits<int>::max();
  if (flag == "--protocol") {
    TRY_ASSIGN(const uint64_t version, number(flag, value, kMostInt));
    if (version != kCompilerProtocol) return bad(flag, value, "what this version of the compiler speaks");
  } else if (flag == "--emit") {
    if (value != "artifact" && value != "ir") return bad(flag, value, "artifact or ir");
    out.emit = value == "ir" ? CompileRequest::Emit::Ir : CompileRequest::Emit::Artifact;
  } else if (flag == "--disassemble") {
    out.emit = CompileRequest::Emit::Disassembly;
    out.input = value;
  } else if (flag == "--source-lines") {
    out.emit = CompileRequest::Emit::SourceLines;
    out.source_lines = value;
  } else if (flag == "--all-places") {
    out.all_places = true;
  } else if (flag == "--level") {
    if (value.size() != 1 || !std::string_view("0123s").contains(value[0])) return bad(flag, value, "0, 1, 2, 3 or s");
    out.level = value[0];
  } else if (flag == "--arch") {
    out.arch = value;
  } else if (flag == "--cpu") {
    out.cpu = value;
  } else if (flag == "--threads") {
    TRY_ASSIGN(const uint64_t threads, number(flag, value, 4096));
    out.threads = static_cast<unsigned>(threads);
  } else if (flag == "--features") {
    TRY_ASSIGN(out.config.features, number(flag, value, std::numeric_limits<uint64_t>::max()));
  } else if (flag == "--explicit-bounds") {
    out.config.explicit_bounds = true;
  } else if (flag == "--fuel") {
    out.config.fuel = true;
  } else if (flag == "--fuel-costs") {
    if (!isa::FuelCosts::parse(value)) return bad(flag, value, "NAME=COST,...");
    out.config.fuel_costs = value;
  } else if (flag == "--only") {
    out.only = value;
  } else if (flag == "--passes") {
    out.passes = value;
  } else if (flag == "--pretend-unsupported") {
    out.pretend_unsupported = value;
  } else if (flag == "--progress-fd") {
    TRY_ASSIGN(const uint64_t fd, number(flag, value, kMostInt));
    out.progress = static_cast<int>(fd);
  } else if (flag == "--background") {
    out.background = true;
  } else if (flag == "--parent") {
    TRY_ASSIGN(const uint64_t parent, number(flag, value, kMostInt));
    out.parent = static_cast<int64_t>(parent);
  } else if (flag == "--serve") {
    TRY_ASSIGN(const uint64_t fd, number(flag, value, kMostInt));
    out.serve = static_cast<int>(fd);
  } else {
    return make_error(ErrorCode::unknown_flag, kNoOffset, std::string(flag));
  }
  return {};
}

}  // namespace

isa::Features features_from_bits(uint64_t bits) {
  isa::Features out = isa::Features::mvp();
  for (size_t i = 0; i < isa::kFeatureCount; ++i) out.set(static_cast<isa::Feature>(i), (bits >> i & 1) != 0);
  return out;
}

std::vector<std::string> to_arguments(const CompileRequest& request) {
  std::vector<std::string> out = {"--protocol=" + std::to_string(kCompilerProtocol)};
  if (request.serve >= 0) {
    out.push_back("--serve=" + std::to_string(request.serve));
    return out;
  }
  if (request.parent != 0) out.push_back("--parent=" + std::to_string(request.parent));
  if (request.background) out.emplace_back("--background");
  if (request.emit == CompileRequest::Emit::Disassembly) {
    out.push_back("--disassemble=" + request.input);
    return out;
  }
  if (request.emit == CompileRequest::Emit::Ir) out.emplace_back("--emit=ir");
  if (request.emit == CompileRequest::Emit::SourceLines) out.push_back("--source-lines=" + request.source_lines);
  if (request.all_places) out.emplace_back("--all-places");
  out.push_back(std::string("--level=") + request.level);
  if (!request.arch.empty()) out.push_back("--arch=" + request.arch);
  if (!request.cpu.empty()) out.push_back("--cpu=" + request.cpu);
  if (request.threads != 0) out.push_back("--threads=" + std::to_string(request.threads));
  out.push_back("--features=" + std::to_string(request.config.features));
  if (request.config.explicit_bounds) out.emplace_back("--explicit-bounds");
  if (request.config.fuel) out.emplace_back("--fuel");
  if (!request.config.fuel_costs.empty()) out.push_back("--fuel-costs=" + request.config.fuel_costs);
  if (!request.only.empty()) out.push_back("--only=" + request.only);
  if (!request.passes.empty()) out.push_back("--passes=" + request.passes);
  if (!request.pretend_unsupported.empty()) {
    out.push_back("--pretend-unsupported=" + request.pretend_unsupported);
  }
  if (request.progress >= 0) out.push_back("--progress-fd=" + std::to_string(request.progress));
  out.push_back(request.input);
  out.push_back(request.output);
  return out;
}

Result<CompileRequest> parse_arguments(std::span<char* const> arguments) {
  CompileRequest out;
  std::vector<std::string_view> files;
  for (const char* raw : arguments) {
    const std::string_view argument(raw);
    if (!argument.starts_with("--")) {
      files.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    TRY(set(out, argument.substr(0, equals), equals == argument.npos ? "" : argument.substr(equals + 1)));
  }
  const size_t wanted = out.emit == CompileRequest::Emit::Disassembly || out.serve >= 0 ? 0 : 2;
  if (files.size() > wanted) return make_error(ErrorCode::extra_operand, kNoOffset, std::string(files[wanted]));
  if (files.size() < wanted) return make_error(ErrorCode::missing_operand, kNoOffset, "INPUT OUTPUT");
  if (wanted != 0) {
    out.input = files[0];
    out.output = files[1];
  }
  return out;
}

int descriptor_of(std::string_view file) {
  constexpr std::string_view kPrefix = "fd:";
  if (!file.starts_with(kPrefix)) return -1;
  const std::string_view digits = file.substr(kPrefix.size());
  const Result<uint64_t> fd = number("fd", digits, std::numeric_limits<int>::max());
  return fd ? static_cast<int>(*fd) : -1;
}

}  // namespace ashlar::native
