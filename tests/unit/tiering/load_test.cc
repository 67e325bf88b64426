// Modules from images: the same as from their own bytes, with less work; and what is not trusted is checked.
#include "tiering/load.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "api/load.h"
#include "native/image_format.h"
#include "os/cpu_extensions.h"
#include "runtime/linker.h"
#include "tiering/attach.h"

namespace ashlar::tiering {
namespace {

namespace fs = std::filesystem;
using native::Image;

api::ModuleBytes bytes_of(std::string_view text) {
  auto source = api::assemble({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, nullptr);
  EXPECT_TRUE(source) << source.error().render();
  return std::move(*source);
}

// An image that describes the module and has no code for it: everything is interpreted.
native::ImageParts parts_of(const module::Module& m) {
  native::ImageParts parts;
  parts.target.arch = os::cpu_arch() == "aarch64" ? native::Arch::Aarch64 : native::Arch::X86_64;
  parts.target.cpu = "test";
  parts.wasm = m.bytes;
  parts.code = {0xc3};
  parts.text_size = 1;
  parts.entries.assign(m.funcs.size() - m.imported_funcs, 0);
  native::describe_module(m, parts);
  return parts;
}

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-load-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    ::setenv("XDG_CACHE_HOME", (dir_ + "/cache").c_str(), 1);
  }
  ~LoadTest() override {
    fs::remove_all(dir_);
    ::unsetenv("XDG_CACHE_HOME");
  }

  std::shared_ptr<runtime::CompiledModule> plain(std::string_view text) {
    auto module = api::compile(engine_, bytes_of(text));
    EXPECT_TRUE(module) << module.error().render();
    return *module;
  }
  std::vector<uint8_t> artifact(std::string_view text) { return native::write_image(parts_of(plain(text)->module())); }
  Result<std::shared_ptr<runtime::CompiledModule>> load(std::string_view text, Image::Trust trust) {
    TRY_ASSIGN(auto image, Image::load(artifact(text), trust));
    return load_image(engine_, std::move(image));
  }
  std::string write(const std::vector<uint8_t>& bytes) {
    const std::string path = dir_ + "/a.cwasm";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

  runtime::Instance& instantiate(std::shared_ptr<runtime::CompiledModule> module) {
    auto instance = runtime::Linker(store_).instantiate(std::move(module));
    EXPECT_TRUE(instance) << instance.error().render();
    return **instance;
  }
  Result<int64_t> call(runtime::Instance& instance, std::string_view name) {
    runtime::Extern found;
    EXPECT_TRUE(instance.find_export(name, &found));
    std::vector<runtime::Value> results;
    TRY(store_.call(found.func, {}, results));
    return results.empty() ? 0 : static_cast<int64_t>(results[0].lo);
  }
  std::span<const uint8_t> memory(runtime::Instance& instance) {
    return {instance.ctx.mem0->base(), instance.ctx.mem0->byte_size()};
  }

  std::string dir_;
  std::shared_ptr<runtime::Engine> engine_ = std::make_shared<runtime::Engine>(runtime::Config(), tier());
  runtime::Store store_{engine_};
};

constexpr std::string_view kProgram = R"((module $m
  (type $f (func (result i32)))
  (import "host" "unused" (global i32))
  (table funcref (elem $one $two))
  (global $g (mut i32) (i32.const 5))
  (memory 1)
  (func $one (type $f) (i32.const 1))
  (func $two (type $f) (global.get $g))
  (func (export "sum") (result i32)
    (i32.add (call_indirect (type $f) (i32.const 0)) (call_indirect (type $f) (i32.const 1))))
  (func $refers (export "refers") (result i32) (ref.is_null (ref.func $one)))
  (func $breaks (export "breaks") unreachable)))";

std::string without_imports(std::string_view text) {
  std::string out(text);
  const std::string import = R"((import "host" "unused" (global i32)))";
  out.replace(out.find(import), import.size(), "");
  return out;
}

TEST_F(LoadTest, runs_like_the_module) {
  const std::string text = without_imports(kProgram);
  for (const Image::Trust trust : {Image::Trust::Cache, Image::Trust::Verify}) {
    auto module = load(text, trust);
    ASSERT_TRUE(module) << module.error().render();
    runtime::Instance& instance = instantiate(*module);
    EXPECT_EQ(*call(instance, "sum"), 6);
    EXPECT_EQ(*call(instance, "refers"), 0);
    const auto broken = call(instance, "breaks");
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().notes().find("m!breaks"), std::string::npos) << broken.error().notes();
  }
}

TEST_F(LoadTest, functions_are_not_decoded_again) {
  auto image = Image::load(artifact(kProgram), Image::Trust::Cache);
  ASSERT_TRUE(image);
  auto module = load_image(engine_, *image);
  ASSERT_TRUE(module) << module.error().render();
  const module::Module& m = (*module)->module();
  EXPECT_EQ(m.funcs.begin(), (*image)->funcs().data());
  const auto other = plain(kProgram);
  ASSERT_EQ(m.funcs.size(), other->module().funcs.size());
  for (size_t i = 0; i < m.funcs.size(); ++i) {
    EXPECT_EQ(m.funcs[i].type, other->module().funcs[i].type);
    EXPECT_EQ(m.funcs[i].body_offset, other->module().funcs[i].body_offset);
    EXPECT_EQ(m.funcs[i].body_size, other->module().funcs[i].body_size);
  }
  EXPECT_EQ(m.code_bytes, other->module().code_bytes);
  EXPECT_EQ(m.imports.size(), 1u);
}

TEST_F(LoadTest, elements_are_not_decoded_again) {
  std::string text = "(module (type $f (func (result i32))) (table 600 funcref) (elem (i32.const 1)";
  for (int i = 0; i < 300; ++i) text += " " + std::to_string(i);
  text += ") (elem (i32.const 310) funcref (ref.func 7)) (elem declare func 3) (elem (i32.const 2) 299 5)\n";
  for (int i = 0; i < 300; ++i) text += "(func (result i32) (i32.const " + std::to_string(i) + "))\n";
  for (int at : {1, 2, 3, 200, 310}) {
    const std::string number = std::to_string(at);
    text += "(func (export \"at" + number + "\") (result i32) (call_indirect (type $f) (i32.const " + number + ")))";
  }
  text += ")";
  auto image = Image::load(artifact(text), Image::Trust::Cache);
  ASSERT_TRUE(image);
  EXPECT_EQ((*image)->elems().size(), 303u);
  auto module = load_image(engine_, *image);
  ASSERT_TRUE(module) << module.error().render();
  const module::Module& m = (*module)->module();
  EXPECT_EQ(m.elems[0].funcs.begin(), (*image)->elems().data());
  const auto other = plain(text);
  ASSERT_EQ(m.elems.size(), other->module().elems.size());
  for (size_t i = 0; i < m.elems.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(m.elems[i].funcs, other->module().elems[i].funcs)) << i;
    EXPECT_EQ(m.elems[i].exprs.size(), other->module().elems[i].exprs.size()) << i;
  }
  runtime::Instance& instance = instantiate(*module);
  EXPECT_EQ(*call(instance, "at1"), 0);
  EXPECT_EQ(*call(instance, "at2"), 299);
  EXPECT_EQ(*call(instance, "at3"), 5);
  EXPECT_EQ(*call(instance, "at200"), 199);
  EXPECT_EQ(*call(instance, "at310"), 7);
}

constexpr std::string_view kDeclared = R"((module
  (import "host" "f" (func (param i32)))
  (type $s (struct (field i32)))
  (global $g (mut i32) (i32.const 40))
  (memory (export "m") 1)
  (tag $t)
  (func (export "get") (result i32) (struct.get $s 0 (struct.new $s (i32.add (global.get $g) (i32.const 2)))))))";

TEST_F(LoadTest, declarations_may_be_read_later) {
  auto image = Image::load(artifact(kDeclared), Image::Trust::Cache);
  ASSERT_TRUE(image) << image.error().render();
  auto module = load_image(engine_, *image, Declarations::Later);
  ASSERT_TRUE(module) << module.error().render();
  const module::Module& outline = (*module)->outline();
  EXPECT_TRUE(outline.types.empty() && outline.exports.empty() && outline.imports.empty());
  EXPECT_EQ(outline.funcs.size(), 2u);
  EXPECT_EQ(outline.imported_funcs, 1u);
  ASSERT_TRUE((*module)->complete());
  const module::Module& m = (*module)->module();
  EXPECT_EQ(&m, &outline);
  const auto other = plain(kDeclared);
  const module::Module& same = other->module();
  EXPECT_EQ(m.types.size(), same.types.size());
  EXPECT_EQ(m.canonical, same.canonical);
  EXPECT_EQ(m.imports.size(), 1u);
  EXPECT_EQ(m.exports.size(), 2u);
  EXPECT_EQ(m.globals.size(), 1u);
  EXPECT_EQ(m.memories.size(), 1u);
  EXPECT_EQ(m.tags.size(), 1u);
  EXPECT_EQ(m.imported_funcs, 1u);
  EXPECT_EQ(m.code_bytes, same.code_bytes);
  EXPECT_TRUE((*module)->has_gc_types());
}

TEST_F(LoadTest, instances_complete_their_module) {
  auto image = Image::load(artifact(kDeclared), Image::Trust::Cache);
  ASSERT_TRUE(image);
  auto module = load_image(engine_, *image, Declarations::Later);
  ASSERT_TRUE(module);
  const auto missing = runtime::Linker(store_).instantiate(*module);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::unknown_import) << missing.error().render();
  runtime::Linker linker(store_);
  const module::FuncType type{{isa::ValType::i32()}, {}};
  runtime::HostFunc nothing{.call = [](runtime::Caller&, runtime::Slot*) -> Status { return {}; }, .name = "f"};
  linker.define_func("host", "f", type, std::move(nothing));
  auto instance = linker.instantiate(*module);
  ASSERT_TRUE(instance) << instance.error().render();
  EXPECT_EQ(*call(**instance, "get"), 42);
}

TEST_F(LoadTest, threads_complete_a_module_once) {
  const std::vector<uint8_t> file = artifact(without_imports(kProgram));
  for (int round = 0; round < 20; ++round) {
    auto image = Image::load(file, Image::Trust::Cache);
    ASSERT_TRUE(image);
    auto module = load_image(engine_, *image, Declarations::Later);
    ASSERT_TRUE(module);
    std::atomic<int> good = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        runtime::Store store(engine_);
        good += runtime::Linker(store).instantiate(*module) && (*module)->module().exports.size() == 3 ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 4);
  }
}

// Of a trusted image nothing but the header is checked, so this is found when the declarations are read.
TEST_F(LoadTest, broken_declarations_are_told_when_they_are_wanted) {
  const auto valid = plain(without_imports(kProgram));
  native::ImageParts parts = parts_of(valid->module());
  for (const size_t cut : {size_t{4}, size_t{12}, size_t{20}, parts.wasm.size() / 2}) {
    std::vector<uint8_t> wasm(parts.wasm.begin(), parts.wasm.end());
    std::fill(wasm.begin() + static_cast<std::ptrdiff_t>(cut), wasm.end(), uint8_t{0xff});
    parts.wasm = wasm;
    const std::vector<uint8_t> file = native::write_image(parts);
    parts.wasm = valid->module().bytes;
    auto image = Image::load(file, Image::Trust::Cache);
    ASSERT_TRUE(image) << image.error().render();
    EXPECT_FALSE(load_image(engine_, *image)) << cut;
    auto module = load_image(engine_, *image, Declarations::Later);
    ASSERT_TRUE(module) << module.error().render();
    const Status read = (*module)->complete();
    ASSERT_FALSE(read) << cut;
    EXPECT_EQ(read.error().phase(), Phase::Malformed) << read.error().render();
    EXPECT_FALSE((*module)->complete());
    EXPECT_TRUE((*module)->module().exports.empty());
    const auto instance = store_.instantiate(*module, {});
    ASSERT_FALSE(instance) << cut;
    EXPECT_EQ(instance.error().code(), read.error().code());
  }
}

// More entries than functions, or other imports than the functions say.
TEST_F(LoadTest, functions_that_do_not_fit_the_module_are_refused) {
  const auto valid = plain(kDeclared);
  for (const size_t entries : {size_t{0}, size_t{2}, size_t{3}}) {
    native::ImageParts parts = parts_of(valid->module());
    parts.entries.assign(entries, 0);
    auto image = Image::load(native::write_image(parts), Image::Trust::Cache);
    ASSERT_TRUE(image) << image.error().render();
    const auto at_once = load_image(engine_, *image);
    ASSERT_FALSE(at_once) << entries;
    EXPECT_EQ(at_once.error().code(), ErrorCode::artifact_of_other_module) << at_once.error().render();
    auto later = load_image(engine_, *image, Declarations::Later);
    if (later) {
      EXPECT_EQ(store_.instantiate(*later, {}).error().code(), ErrorCode::artifact_of_other_module);
    } else {
      EXPECT_EQ(later.error().code(), ErrorCode::artifact_of_other_module);
    }
  }
}

std::string random_data(uint32_t seed, size_t count, uint32_t space, uint32_t most) {
  std::mt19937 random(seed);
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t size = random() % most;
    out += "(data (i32.const " + std::to_string(random() % (space - size)) + ") \"";
    for (uint32_t k = 0; k < size; ++k) out += static_cast<char>('A' + random() % 26);
    out += "\")\n";
  }
  return out;
}

TEST_F(LoadTest, data_lie_as_segments_would) {
  struct Case {
    size_t count;
    uint32_t most;
    bool laid_out;
  };
  for (const Case& c : {Case{3, 100, false}, Case{100, 50, true}, Case{100, 6000, true}, Case{3, 60000, true}}) {
    const uint32_t pages = 8;
    const std::string text = "(module (memory (export \"m\") 8)" + random_data(7, c.count, pages << 16, c.most) + ")";
    runtime::Instance& expected = instantiate(plain(text));
    const std::string with_func = text.substr(0, text.size() - 1) + "(func))";
    const std::vector<uint8_t> file = artifact(with_func);
    auto mapped = Image::open(write(file), Image::Trust::Cache);
    auto copied = Image::load(file, Image::Trust::Cache);
    ASSERT_TRUE(mapped && copied);
    for (const auto& image : {*mapped, *copied}) {
      EXPECT_EQ(image->laid_out().has_value(), c.laid_out);
      auto module = load_image(engine_, image);
      ASSERT_TRUE(module) << module.error().render();
      EXPECT_EQ((*module)->module().datas.empty(), c.laid_out);
      runtime::Instance& first = instantiate(*module);
      EXPECT_TRUE(std::ranges::equal(memory(first), memory(expected)));
      // What one writes, the next does not see.
      std::ranges::fill(std::span(first.ctx.mem0->base(), first.ctx.mem0->byte_size()), uint8_t{9});
      EXPECT_TRUE(std::ranges::equal(memory(instantiate(*module)), memory(expected)));
    }
  }
}

/// How many mappings of the file lie in these bytes.
size_t mappings_of(const std::string& file, std::span<const uint8_t> bytes) {
  std::ifstream maps("/proc/self/maps");
  size_t out = 0;
  for (std::string line; std::getline(maps, line);) {
    const auto begin = reinterpret_cast<const uint8_t*>(std::stoull(line, nullptr, 16));
    if (line.ends_with(file) && begin >= bytes.data() && begin < bytes.data() + bytes.size()) ++out;
  }
  return out;
}

// Large runs come from the artifact's file, up to a number; the others from memory. What a store writes is gone with
// it.
TEST_F(LoadTest, memories_of_a_pool_lie_as_segments_would) {
  runtime::Config config;
  config.pool.memories = 2;
  const auto engine = std::make_shared<runtime::Engine>(config, tier());
  constexpr size_t kLarge = 90'000, kSmall = 9'000;
  struct Case {
    std::vector<size_t> sizes;  ///< of segments that lie too far apart to be joined
    size_t mapped;
  };
  const Case cases[] = {
      {{kLarge, kLarge, kLarge}, 2},       {{kSmall, kLarge, kSmall, kLarge, kSmall}, 2},
      {{kSmall, kLarge, kSmall}, 1},       {std::vector<size_t>(12, kLarge), 2},
      {std::vector<size_t>(9, kSmall), 0},
  };
  for (const Case& c : cases) {
    std::string text = "(module (memory (export \"m\") 60)";
    for (size_t i = 0; i < c.sizes.size(); ++i) {
      const std::string bytes(c.sizes[i], static_cast<char>('a' + i));
      text += "(data (i32.const " + std::to_string(i * 300'000 + 40'000) + ") \"" + bytes + "\")\n";
    }
    text += "(func))";  // one without functions is not described
    runtime::Instance& expected = instantiate(plain(text));
    const std::string path = write(artifact(text));
    auto image = Image::open(path, Image::Trust::Cache);
    ASSERT_TRUE(image) << image.error().render();
    ASSERT_TRUE((*image)->laid_out());
    auto module = load_image(engine, *image);
    ASSERT_TRUE(module) << module.error().render();
    for (int round = 0; round < 4; ++round) {
      runtime::Store store(engine);
      auto made = runtime::Linker(store).instantiate(*module);
      ASSERT_TRUE(made) << made.error().render();
      EXPECT_TRUE(std::ranges::equal(memory(**made), memory(expected))) << round;
      EXPECT_EQ(mappings_of(path, memory(**made)), c.mapped);
      // Few pages, which are kept, and then so many that they are not.
      const std::span<uint8_t> all((*made)->ctx.mem0->base(), (*made)->ctx.mem0->byte_size());
      for (size_t at = 1'000; at < all.size(); at += round == 2 ? 4'096 : 290'000) all[at] = 0xee;
    }
  }
}

TEST_F(LoadTest, laid_out_segments_are_dropped) {
  const std::string text = "(module (memory 1)" + random_data(3, 70, 65536, 20) + R"(
    (func (export "empty") (memory.init 69 (i32.const 0) (i32.const 0) (i32.const 0)) (data.drop 69))
    (func (export "one") (memory.init 69 (i32.const 0) (i32.const 0) (i32.const 1)))))";
  auto module = load(text, Image::Trust::Cache);
  ASSERT_TRUE(module) << module.error().render();
  ASSERT_TRUE((*module)->module().laid_out);
  runtime::Instance& instance = instantiate(*module);
  EXPECT_TRUE(call(instance, "empty"));
  const auto one = call(instance, "one");
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().code(), ErrorCode::out_of_bounds_memory_access);
}

TEST_F(LoadTest, what_depends_on_the_instance_is_not_laid_out) {
  const std::string many = random_data(5, 80, 65536, 100);
  const auto laid_out = [&](const std::string& fields) {
    const auto module = plain("(module " + fields + many + "(func))");
    return parts_of(module->module()).data_laid_out;
  };
  EXPECT_TRUE(laid_out("(memory 1)"));
  EXPECT_TRUE(laid_out("(memory 1) (memory 1)"));
  EXPECT_FALSE(laid_out("(import \"a\" \"m\" (memory 1))"));
  EXPECT_FALSE(laid_out("(memory 0)"));  // instantiation fails
  EXPECT_FALSE(laid_out("(memory 1) (data \"passive\")"));
  EXPECT_FALSE(laid_out("(import \"a\" \"g\" (global i32)) (memory 1) (data (global.get 0) \"x\")"));
  EXPECT_FALSE(laid_out("(memory 1) (memory 1) (data (memory 1) (i32.const 0) \"x\")"));
  // Scattered so wide that the zeros between would be most of the artifact.
  std::string scattered;
  for (int i = 0; i < 100; ++i) scattered += "(data (i32.const " + std::to_string(i * 320000) + ") \"x\")";
  EXPECT_TRUE(laid_out("(memory 1000)" + scattered));
  for (int i = 0; i < 300; ++i) scattered += "(data (i32.const " + std::to_string(100000 + i * 160000) + ") \"x\")";
  EXPECT_FALSE(laid_out("(memory 1000)" + scattered));
}

TEST_F(LoadTest, modules_of_foreign_images_are_validated) {
  const auto valid = plain("(module (func (export \"f\") (drop (i32.const 0))))");
  native::ImageParts parts = parts_of(valid->module());
  // The export names a function that there is not.
  std::vector<uint8_t> wasm(parts.wasm.begin(), parts.wasm.end());
  const std::vector<uint8_t> entry = {1, 'f', 0, 0};
  const auto found = std::ranges::search(wasm, entry);
  ASSERT_FALSE(found.empty());
  found[3] = 9;
  parts.wasm = wasm;
  auto image = Image::load(native::write_image(parts), Image::Trust::Verify);
  ASSERT_TRUE(image) << image.error().render();
  const auto module = load_image(engine_, *image);
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code(), ErrorCode::unknown_index) << module.error().render();
}

TEST_F(LoadTest, a_file_is_verified_once) {
  std::vector<uint8_t> bytes = artifact(without_imports(kProgram));
  const std::string path = write(bytes);
  // The index takes nothing that may still be changing.
  const timespec old[2] = {{1'000'000, 0}, {1'000'000, 0}};
  const auto age = [&] { ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), old, 0), 0); };
  age();
  auto first = open_artifact(path, true);
  ASSERT_TRUE(first) << first.error().render();
  EXPECT_EQ((*first)->trust(), Image::Trust::Verify);
  EXPECT_EQ((*open_artifact(path, false))->trust(), Image::Trust::Verify);
  // The change of its times just now counts as a change of the file.
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  for (int i = 0; i < 60 && ::time(nullptr) < info.st_ctim.tv_sec + 3; ++i) ::usleep(100'000);
  ASSERT_TRUE(open_artifact(path, true));
  auto again = open_artifact(path, true);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->trust(), Image::Trust::Cache);
  auto module = load_image(engine_, *again);
  ASSERT_TRUE(module);
  EXPECT_EQ(*call(instantiate(*module), "sum"), 6);

  bytes.back() ^= 1;
  write(bytes);
  const auto damaged = open_artifact(path, true);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), ErrorCode::artifact_damaged);
}

}  // namespace
}  // namespace ashlar::tiering
