// From a module to its image, by a stand-in for the compiler: a shell script that is told what to do.
#include "tiering/tiering.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ashlar::tiering {
namespace {

namespace fs = std::filesystem;

constexpr uint8_t kModule[] = {0, 'a', 's', 'm', 1, 0, 0, 0};

class TieringTest : public ::testing::Test {
 protected:
  TieringTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-tiering-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    ::setenv("ASHLAR_LLVM", compiler().c_str(), 1);
    ::setenv("XDG_CACHE_HOME", (dir_ + "/cache").c_str(), 1);
    const std::vector<uint8_t> artifact = make_artifact();
    std::ofstream(dir_ + "/artifact")
        .write(reinterpret_cast<const char*>(artifact.data()), static_cast<std::streamsize>(artifact.size()));
  }
  ~TieringTest() override {
    fs::remove_all(dir_);
    ::unsetenv("ASHLAR_LLVM");
    ::unsetenv("XDG_CACHE_HOME");
  }

  std::string compiler() const { return dir_ + "/ashlar-llvm"; }
  /// The stand-in: its input is descriptor 3, progress goes to 4, the result to 5.
  void script(const std::string& body) {
    std::ofstream(compiler()) << "#!/bin/sh\n" << body << "\n";
    ::chmod(compiler().c_str(), 0755);
  }
  /// A script that compiles, and counts how often it did.
  void compiling_script() {
    script("echo x >> '" + dir_ + "/runs'; echo '5 10' >&4; cat '" + dir_ + "/artifact' >&5; echo ok >&4");
  }
  size_t runs() const {
    std::error_code none;
    const auto size = fs::file_size(dir_ + "/runs", none);
    return none ? 0 : size / 2;
  }
  static std::vector<uint8_t> make_artifact() {
    native::ImageParts parts;
    parts.target.cpu = "test";
    parts.config = config();
    parts.wasm = kModule;
    parts.code = {0xc3};
    parts.text_size = 1;
    parts.frames.resize(1);
    parts.frames[0].end = 1;
    parts.pads.resize(1);
    parts.places.resize(1);
    return native::write_image(parts);
  }
  static native::ImageConfig config() { return {.features = isa::Features().raw()}; }

  CompileJob job(int output) const {
    CompileJob out;
    out.wasm = kModule;
    out.output_fd = output;
    return out;
  }
  Status compile(const ProgressFunction& progress = {}) {
    auto output = make_memory_file("test");
    EXPECT_TRUE(output.has_value());
    auto process = CompilerProcess::start(job(output->raw()));
    if (!process) return std::unexpected(std::move(process).error());
    return process->wait(progress);
  }

  ImageRequest request(const std::string& file) {
    ImageRequest out;
    out.file = file;
    out.wasm = [this]() -> Result<std::span<const uint8_t>> {
      ++reads_;
      return std::span<const uint8_t>(kModule);
    };
    out.config = config();
    out.warn = [this](const Error& error) { warnings_.push_back(error.message()); };
    return out;
  }
  std::string module_file() {
    const std::string path = dir_ + "/m.wasm";
    std::ofstream(path).write(reinterpret_cast<const char*>(kModule), sizeof kModule);
    return path;
  }

  std::string dir_;
  int reads_ = 0;
  std::vector<std::string> warnings_;
};

TEST_F(TieringTest, ChildGetsTheModuleAndTheDescriptors) {
  script("cat <&3 >&5; printf '%s\\n' \"$@\" > '" + dir_ + "/arguments'; cat <&6 >> '" + dir_ + "/arguments'");
  auto output = make_memory_file("test");
  ASSERT_TRUE(output.has_value());
  CompileJob j = job(output->raw());
  // The stand-in reads the module from the descriptor's position, not from its name.
  j.only = {3, 70'000};
  j.request.level = 's';
  auto process = CompilerProcess::start(j);
  ASSERT_TRUE(process.has_value()) << process.error().message();
  ASSERT_TRUE(process->wait().has_value());
  std::ifstream in(dir_ + "/arguments");
  const std::string arguments((std::istreambuf_iterator<char>(in)), {});
  EXPECT_NE(arguments.find("--parent=" + std::to_string(::getpid())), arguments.npos) << arguments;
  EXPECT_NE(arguments.find("--level=s\n"), arguments.npos) << arguments;
  EXPECT_NE(arguments.find("--only=fd:6\n"), arguments.npos) << arguments;
  EXPECT_NE(arguments.find("fd:3\nfd:5\n"), arguments.npos) << arguments;
}

TEST_F(TieringTest, Outcomes) {
  const auto error_of = [this](const std::string& body) {
    script(body);
    const Status done = compile();
    return done ? std::string("none") : std::string(error_info(done.error().code()).id) + ": " + done.error().message();
  };
  EXPECT_EQ(error_of("exit 0"), "none");
  EXPECT_EQ(error_of("echo 'ashlar-llvm: type mismatch' >&2; exit 1"), "compiler_refused: type mismatch");
  EXPECT_EQ(error_of("echo 'ashlar-llvm: oops' >&2; exit 2"), "compiler_failed: the compiler failed: oops");
  EXPECT_EQ(error_of("exit 1"), "compiler_failed: the compiler failed: it gave no reason");
  EXPECT_EQ(error_of("echo 'ashlar-llvm: unsupported target: mips' >&2; exit 3"),
            "unsupported_target: unsupported target: mips");
  EXPECT_EQ(error_of("echo 'ashlar-llvm: out: No space left on device' >&2; exit 4"),
            "compiler_files: out: No space left on device");
  EXPECT_EQ(error_of("kill -KILL $$"), "compiler_failed: the compiler failed: it was ended by SIGKILL");
  EXPECT_EQ(error_of("echo 'stack' >&2; kill -SEGV $$"),
            "compiler_failed: the compiler failed: it was ended by SIGSEGV; stack");
}

TEST_F(TieringTest, MissingCompilerIsNamed) {
  const Status done = compile();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code(), ErrorCode::compiler_missing);
  EXPECT_NE(done.error().message().find(compiler()), std::string::npos) << done.error().message();
  ::unsetenv("ASHLAR_LLVM");
  EXPECT_TRUE(compiler_path().ends_with("/lib/ashlar/ashlar-llvm")) << compiler_path();
}

TEST_F(TieringTest, ProgressIsSeen) {
  script("echo '10 100' >&4; sleep 0.3; printf '60 100\\n40 1' >&4; sleep 0.2; echo '00' >&4; sleep 0.2; echo ok >&4");
  std::vector<uint64_t> seen;
  ASSERT_TRUE(compile([&seen](uint64_t done, uint64_t all) {
                if (all == 100 && (seen.empty() || seen.back() != done)) seen.push_back(done);
              }).has_value());
  if (seen.back() == 100) seen.pop_back();  // "ok" came some time before the end
  EXPECT_EQ(seen, (std::vector<uint64_t>{10, 60}));
}

TEST_F(TieringTest, CancelledInTime) {
  script("exec sleep 60");
  auto output = make_memory_file("test");
  const auto start = std::chrono::steady_clock::now();
  {
    auto dropped = CompilerProcess::start(job(output->raw()));
    ASSERT_TRUE(dropped.has_value());
    EXPECT_FALSE(dropped->poll());
  }
  script("trap '' TERM; while :; do sleep 1; done");
  auto deaf = CompilerProcess::start(job(output->raw()));
  ASSERT_TRUE(deaf.has_value());
  ::usleep(100'000);
  deaf->cancel();
  EXPECT_TRUE(deaf->poll());
  EXPECT_FALSE(deaf->wait().has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(TieringTest, ImageComesFromTheCompilerOnceThenFromTheCache) {
  compiling_script();
  const std::string file = module_file();
  ::usleep(2'100'000);  // so that the index takes it
  auto first = image_for(request(file));
  ASSERT_TRUE(first.has_value()) << first.error().message();
  EXPECT_TRUE(std::ranges::equal((*first)->wasm(), kModule));
  EXPECT_EQ(runs(), 1u);
  EXPECT_EQ(reads_, 1);
  // By the file's identity: the module is not read.
  ASSERT_TRUE(image_for(request(file)).has_value());
  EXPECT_EQ(runs(), 1u);
  EXPECT_EQ(reads_, 1);
  // By its content: a file that nobody knows.
  ASSERT_TRUE(image_for(request("-")).has_value());
  EXPECT_EQ(runs(), 1u);
  EXPECT_EQ(reads_, 2);
  // Other options are other code.
  ImageRequest other = request(file);
  other.level = '0';
  ASSERT_TRUE(image_for(other).has_value());
  EXPECT_EQ(runs(), 2u);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(TieringTest, PartsOfAFileAreKnownByIt) {
  compiling_script();
  const std::string file = module_file();
  ::usleep(2'100'000);  // so that the index takes it
  const auto container = std::make_shared<const ContainerFile>(file, regular_file_info(file), nullptr, kModule);
  const auto part = [&](const std::string& which) {
    ImageRequest out = request({});
    out.container = container;
    out.part = which;
    return out;
  };
  ASSERT_TRUE(image_for(part("0 8")).has_value());
  EXPECT_EQ(runs(), 1u);
  EXPECT_EQ(reads_, 1);
  // By the file's identity and the part: nothing is read.
  ASSERT_TRUE(image_for(part("0 8")).has_value());
  EXPECT_EQ(runs(), 1u);
  EXPECT_EQ(reads_, 1);
  // Another part, and the file as a module, are other code.
  ASSERT_TRUE(image_for(part("8 8")).has_value());
  EXPECT_EQ(runs(), 2u);
  ASSERT_TRUE(image_for(request(file)).has_value());
  EXPECT_EQ(runs(), 3u);
  // A file that has changed is another.
  std::ofstream(file, std::ios::app) << "x";
  ImageRequest changed = part("0 8");
  changed.container = std::make_shared<const ContainerFile>(file, regular_file_info(file), nullptr, kModule);
  EXPECT_EQ(ImageFinder(changed).find(), nullptr);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(TieringTest, WhatElseIsKnownOfAFileIsKeptApart) {
  const std::string file = module_file();
  ::usleep(2'100'000);
  const auto before = regular_file_info(file);
  ASSERT_TRUE(before);
  auto cache = Cache::open_default();
  ASSERT_TRUE(cache && *cache);
  const Cache::Digest digest = base::sha256(kModule), mark = base::Sha256().add("valid").finish();
  (*cache)->remember(file, *before, mark, "valid");
  EXPECT_EQ((*cache)->known_digest(*before), std::nullopt);
  (*cache)->remember(file, *before, digest);
  EXPECT_EQ((*cache)->known_digest(*before), digest);
  EXPECT_EQ((*cache)->known_digest(*before, "valid"), mark);
}

TEST_F(TieringTest, WithoutCacheNothingIsLeft) {
  compiling_script();
  ImageRequest r = request(module_file());
  r.use_cache = false;
  auto image = image_for(r);
  ASSERT_TRUE(image.has_value()) << image.error().message();
  EXPECT_FALSE(fs::exists(dir_ + "/cache"));
}

TEST_F(TieringTest, DamagedEntryIsMadeAgain) {
  compiling_script();
  ASSERT_TRUE(image_for(request("-")).has_value());
  for (const auto& entry : fs::directory_iterator(dir_ + "/cache/ashlar/code")) {
    fs::resize_file(entry.path(), 50);
  }
  ASSERT_TRUE(image_for(request("-")).has_value());
  EXPECT_EQ(runs(), 2u);
  ASSERT_TRUE(image_for(request("-")).has_value());
  EXPECT_EQ(runs(), 2u);
}

TEST_F(TieringTest, UnusableCacheIsAWarning) {
  compiling_script();
  fs::create_directories(dir_ + "/cache/ashlar");
  ::chmod((dir_ + "/cache/ashlar").c_str(), 0777);
  ASSERT_TRUE(image_for(request("-")).has_value());
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("others may write to it"), std::string::npos) << warnings_[0];
}

TEST_F(TieringTest, ArtifactsAreTold) {
  EXPECT_TRUE(is_artifact_file(dir_ + "/artifact"));
  EXPECT_FALSE(is_artifact_file(module_file()));
  EXPECT_FALSE(is_artifact_file(dir_));
  EXPECT_FALSE(is_artifact_file(dir_ + "/none"));
}

}  // namespace
}  // namespace ashlar::tiering
