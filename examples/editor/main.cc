// A text editor whose commands are plugins, written in C and compiled to WebAssembly. A plugin sees the selected text
// and two functions of the editor, and a mistake of its own ends the command, not the editor.
#include <ashlar/ashlar.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace {

/// The part of an editor that plugins see.
struct Buffer {
  std::string text;
  size_t begin = 0;  ///< of what is selected
  size_t end = 0;
  std::string status;

  std::string selected() const { return text.substr(begin, end - begin); }
  void select(const std::string& word) {
    begin = text.find(word);
    end = begin + word.size();
  }
  void replace(std::string_view by) {
    text.replace(begin, end - begin, by);
    end = begin + by.size();
  }
};

class Editor {
 public:
  Editor() : linker_(engine_) {
    // What plugins import: pointer and length in the plugin's memory arrive as a text, checked.
    linker_.func("editor", "replace",
                 [](ashlar::Caller& caller, std::string_view text) { (*caller.data<Buffer*>())->replace(text); });
    linker_.func("editor", "status",
                 [](ashlar::Caller& caller, std::string_view text) { (*caller.data<Buffer*>())->status = text; });
  }

  /// Runs a plugin's command on what is selected. The text changes only if the command succeeds.
  ashlar::Status run(const std::string& file, Buffer& buffer) {
    auto module = ashlar::Module::from_file(engine_, file);
    if (!module) return std::unexpected(std::move(module).error());
    auto prepared = linker_.prepare(*module);
    if (!prepared) return std::unexpected(std::move(prepared).error());

    ashlar::StoreLimits limits;
    limits.memory_bytes = 1 << 20;
    ashlar::Store store(engine_, limits);
    Buffer changed = buffer;
    store.set_data(&changed);
    store.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(5));
    auto plugin = prepared->instantiate(store);
    if (!plugin) return std::unexpected(std::move(plugin).error());
    // The selected text goes into the plugin's memory, where its malloc says.
    auto command = plugin->func<int32_t(std::string_view)>("run");
    if (!command) return std::unexpected(std::move(command).error());
    auto done = command->call(buffer.selected());
    if (!done) return std::unexpected(std::move(done).error());
    if (*done != 0) return std::unexpected(ashlar::Error::trap("the plugin could not do it"));
    buffer = changed;
    return {};
  }

 private:
  ashlar::Engine engine_;
  ashlar::Linker linker_;
};

}  // namespace

int main() {
  Editor editor;
  Buffer buffer;
  buffer.text = "stones cut so exactly that a wall stands without mortar";
  for (const auto& [plugin, word] :
       {std::pair{"upper", "exactly"}, {"count", "a wall stands"}, {"sentence", "mortar"}}) {
    buffer.select(word);
    buffer.status.clear();
    const ashlar::Status done = editor.run(std::string(PLUGINS "/") + plugin + ".wasm", buffer);
    std::printf("%s: %s\n", plugin, done ? buffer.text.c_str() : done.error().message().c_str());
    if (!buffer.status.empty()) std::printf("  %s\n", buffer.status.c_str());
  }
}
