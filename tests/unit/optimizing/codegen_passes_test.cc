// The code generator's passes: each that is dropped is one that LLVM would have run, under that name.
#include "optimizing/codegen_passes.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/CodeGenTargetMachineImpl.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/TargetPassConfig.h>

#include <set>
#include <string>

#include "optimizing/target.h"

namespace ashlar::optimizing {
namespace {

class Names final : public llvm::legacy::PassManagerBase {
 public:
  void add(llvm::Pass* pass) override {
    names.insert(pass->getPassName().str());
    real_.add(pass);
  }
  std::set<std::string> names;

 private:
  llvm::legacy::PassManager real_;
};

TEST(CodegenPasses, DropsWhatThereIs) {
  for (OptLevel level : {OptLevel::O1, OptLevel::O2, OptLevel::Os}) {
    CompileOptions options;
    options.level = level;
    options.arch = "x86_64";
    options.cpu = "generic";
    auto target = make_target(options);
    ASSERT_TRUE(target);
    auto& machine = static_cast<llvm::CodeGenTargetMachineImpl&>(**target);
    Names all;
    llvm::TargetPassConfig* config = machine.createPassConfig(all);
    all.add(config);
    all.add(new llvm::MachineModuleInfoWrapperPass(&machine));
    ASSERT_FALSE(config->addISelPasses());
    config->addMachinePasses();
    config->setInitialized();
    EXPECT_FALSE(dropped_passes(machine.getOptLevel()).empty());
    for (const char* name : dropped_passes(machine.getOptLevel())) EXPECT_TRUE(all.names.contains(name)) << name;
    EXPECT_TRUE(all.names.contains("Greedy Register Allocator"));
  }
}

TEST(CodegenPasses, OnlyO1SelectsFast) {
  for (OptLevel level : {OptLevel::O1, OptLevel::O2, OptLevel::O3}) {
    CompileOptions options;
    options.level = level;
    options.arch = "x86_64";
    options.cpu = "generic";
    auto target = make_target(options);
    ASSERT_TRUE(target);
    EXPECT_EQ(selects_fast(**target), level == OptLevel::O1);
  }
}

}  // namespace
}  // namespace ashlar::optimizing
