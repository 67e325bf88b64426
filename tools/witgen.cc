// witgen FOLDER PACKAGE... -- PATH...: writes the C++ host bindings of the packages (by name: io) found in the WIT
// files. Called by tools/witgen.py.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "wit/bindgen_cpp.h"
#include "wit/load.h"

using namespace ashlar;

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  const auto bar = std::ranges::find(args, "--");
  if (bar == args.end() || bar == args.begin()) {
    std::fputs("usage: witgen FOLDER PACKAGE... -- PATH...\n", stderr);
    return 2;
  }
  const auto loaded = wit::load({bar + 1, args.end()});
  if (!loaded) {
    std::fputs((loaded.error().render() + "\n").c_str(), stderr);
    return 1;
  }
  for (const wit::PackageId id : loaded->roots) {
    const std::string& name = loaded->model[id].name.name;
    if (std::find(args.begin() + 1, bar, name) == bar) continue;
    wit::CppOptions options;
    options.name_space = "ashlar::wasi::p2";
    const std::string ending = "/" + name + ".wit";
    options.source =
        *std::ranges::find_if(bar + 1, args.end(), [&](const std::string& path) { return path.ends_with(ending); });
    const std::string text = wit::generate_cpp_host(loaded->model, id, "wasi/p2/gen", options);
    const std::string path = args[0] + "/" + wit::cpp_value_name(name) + ".h";
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fclose(file) != 0) {
      std::fprintf(stderr, "witgen: cannot write %s\n", path.c_str());
      return 1;
    }
  }
  return 0;
}
