// The server of the real compiler program: many modules by one process, and what a crash there does.
#include "tiering/compiler_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "native/image.h"
#include "os/file_bytes.h"
#include "tiering/compiler_process.h"
#include "tiering/tiering.h"

namespace ashlar::tiering {
namespace {

// (module (func (result i32) i32.const 42))
constexpr uint8_t kModule[] = {0,    'a', 's', 'm', 1, 0,  0, 0, 1, 5, 1,    0x60, 0,   1,
                               0x7f, 3,   2,   1,   0, 10, 6, 1, 4, 0, 0x41, 42,   0x0b};
constexpr uint8_t kInvalid[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 3, 2, 1, 0};

ImageRequest request(std::span<const uint8_t> module) {
  ImageRequest out;
  out.wasm = [module]() -> Result<std::span<const uint8_t>> { return module; };
  out.config.features = isa::Features().raw();
  out.use_cache = false;
  out.keep_compiler = true;
  return out;
}

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("ASHLAR_LLVM");
    if (!std::filesystem::exists(compiler_path())) GTEST_SKIP() << "there is no compiler in this build";
  }
  /// The process that compiles; it is idle.
  static pid_t server() {
    auto taken = CompilerServer::take();
    EXPECT_TRUE(taken) << taken.error().message();
    const pid_t out = (*taken)->pid();
    CompilerServer::keep(std::move(*taken));
    return out;
  }
};

TEST_F(ServerTest, OneProcessForManyModules) {
  const pid_t first = server();
  for (int i = 0; i < 5; ++i) {
    auto image = image_for(request(kModule));
    ASSERT_TRUE(image) << image.error().render();
    EXPECT_NE((*image)->entry(0), nullptr);
  }
  EXPECT_EQ(server(), first);
}

TEST_F(ServerTest, AnErrorIsOfItsModuleOnly) {
  const pid_t first = server();
  auto bad = image_for(request(kInvalid));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code(), ErrorCode::compiler_refused);
  EXPECT_FALSE(bad.error().message().empty());
  EXPECT_TRUE(image_for(request(kModule)));
  EXPECT_EQ(server(), first);
}

TEST_F(ServerTest, ARunThatIsKilledIsOnlyItsOwn) {
  auto taken = CompilerServer::take();
  ASSERT_TRUE(taken);
  const pid_t first = (*taken)->pid();
  // It reads the module from a pipe that nothing comes out of.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  native::CompileRequest waits;
  waits.parent = first;
  waits.input = "fd:3";
  waits.output = "fd:4";
  auto output = make_memory_file("test");
  const int given[] = {STDERR_FILENO, ends[0], output->raw()};
  ASSERT_TRUE((*taken)->send(native::to_arguments(waits), given));
  EXPECT_FALSE((*taken)->receive(false).ended);
  // Its child is the only process whose parent it is.
  pid_t child = 0;
  for (int i = 0; child == 0 && i < 500; ++i) {
    ::usleep(10'000);
    std::ifstream("/proc/" + std::to_string(first) + "/task/" + std::to_string(first) + "/children") >> child;
  }
  ASSERT_NE(child, 0);
  ::kill(child, SIGKILL);
  const CompilerServer::Answer answer = (*taken)->receive(true);
  ASSERT_TRUE(answer.status.has_value());
  EXPECT_TRUE(WIFSIGNALED(*answer.status));
  CompilerServer::keep(std::move(*taken));
  EXPECT_TRUE(image_for(request(kModule)));
  EXPECT_EQ(server(), first);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ServerTest, AServerThatDiesIsReplaced) {
  const pid_t first = server();
  ::kill(first, SIGKILL);
  ::usleep(50'000);
  EXPECT_TRUE(image_for(request(kModule)));
  EXPECT_NE(server(), first);
}

TEST_F(ServerTest, CancellingEndsTheWork) {
  auto output = make_memory_file("test");
  ASSERT_TRUE(output);
  CompileJob job;
  job.wasm = kModule;
  job.output_fd = output->raw();
  job.keep_compiler = true;
  auto process = CompilerProcess::start(job);
  ASSERT_TRUE(process) << process.error().message();
  process->cancel();
  EXPECT_TRUE(process->poll());
  EXPECT_FALSE(process->wait());
  EXPECT_TRUE(image_for(request(kModule)));
}

TEST_F(ServerTest, AProgramThatIsNoServerCompilesAlone) {
  const std::string path = std::filesystem::temp_directory_path() / ("ashlar-no-server-" + std::to_string(::getpid()));
  std::ofstream(path) << "#!/bin/sh\ncase \"$*\" in *--serve=*) exit 2;; esac\nexec '" + compiler_path() + "' \"$@\"\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  ::setenv("ASHLAR_LLVM", path.c_str(), 1);
  EXPECT_FALSE(CompilerServer::take());
  EXPECT_TRUE(image_for(request(kModule)));
  ::unsetenv("ASHLAR_LLVM");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace ashlar::tiering
