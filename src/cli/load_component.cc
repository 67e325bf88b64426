// Loading of components; see load_component.h.
#include "cli/load_component.h"

#include "component/decode.h"
#include "component/text/parse.h"
#include "os/file.h"
#include "os/file_bytes.h"
#include "tiering/cache.h"

namespace ashlar::cli {

namespace {

bool is_component(std::span<const uint8_t> bytes) {
  if (api::is_binary(bytes)) return component::is_component(bytes);
  return component::is_component_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

bool is_component_file(const std::string& path) {
  // What can be read only once is a module.
  if (path == "-" || !tiering::regular_file_info(path)) return false;
  // Modules, which most files are, are known by their first bytes: nothing else is read of them twice.
  uint8_t head[8];
  const auto handle = os::open_at(os::kWorkingDirectory, path.c_str(), os::kOpenRead);
  if (!handle) return false;
  const os::Buffer buffer{head, sizeof head};
  const auto got = os::read_into_at(handle->raw(), std::span(&buffer, 1), 0);
  if (!got) return false;
  const std::span<const uint8_t> begin(head, *got);
  if (api::is_binary(begin)) return component::is_component(begin);
  const auto file = os::read_file(path);
  return file && is_component(file->bytes());
}

Result<InputFile> read_input(const std::string& path) {
  TRY_ASSIGN(os::FileBytes file, os::read_file(path));
  auto kept = std::make_shared<const os::FileBytes>(std::move(file));
  const std::span<const uint8_t> bytes = kept->bytes();
  return InputFile{std::move(kept), bytes, is_component(bytes)};
}

Result<std::vector<uint8_t>> read_component(const std::string& path) {
  Result<LoadedComponent> loaded = load_component(path, {});
  if (!loaded) {
    Error error = std::move(loaded).error();
    if (error.phase() == Phase::Io) return std::unexpected(std::move(error));  // it names the file itself
    return std::unexpected(std::move(error).in_file(path));
  }
  return std::vector<uint8_t>(loaded->bytes.begin(), loaded->bytes.end());
}

}  // namespace ashlar::cli
