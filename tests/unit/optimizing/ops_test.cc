// Checks the LLVM form of every pure instruction: each is compiled and run on operands full of edge values, both in its
// best form and as bitcode, with variable and with constant operands, and compared with sem::<op>::eval.
#include "optimizing/ops.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "optimizing/pure_rows.h"

namespace ashlar::optimizing {
namespace {

using namespace pure_rows;

/// One function to compile: `constant` operands (by bit) are literals. With `inner`, operand `at` is the result of that
/// row on the same operands.
struct Case {
  const Row* row;
  binary::Imm imm;
  unsigned constant = 0;
  Slots constants{};
  std::string name;
  const Row* inner = nullptr;
  size_t at = 0;
  bool twice = false;  ///< the second operand is the first

  /// What the function takes: the inner row's operands begin at `at`, and displace the outer row's there.
  std::string operands() const {
    if (inner == nullptr) return row->operands;
    std::string letters = row->operands;
    if (letters.size() < at + inner->operands.size()) letters.resize(at + inner->operands.size());
    return letters.replace(at, inner->operands.size(), inner->operands);
  }
};

using Compiled = uint32_t (*)(const Slot* operands, Slot* results);

class Harness {
 public:
  explicit Harness(bool x86, PureOps::Forms forms) {
    context_ = std::make_unique<llvm::LLVMContext>();
    module_ = std::make_unique<llvm::Module>("test", *context_);
    pure_ = std::make_unique<PureOps>(*module_, x86, forms);
  }

  llvm::Module& module() { return *module_; }

  llvm::Type* type(llvm::IRBuilder<>& b, char letter) {
    switch (letter) {
      case 'b':
        return b.getInt8Ty();
      case 'h':
        return b.getInt16Ty();
      case 'i':
        return b.getInt32Ty();
      case 'l':
        return b.getInt64Ty();
      case 'f':
        return b.getFloatTy();
      case 'd':
        return b.getDoubleTy();
      default:
        return llvm::FixedVectorType::get(b.getInt64Ty(), 2);
    }
  }

  /// uint32_t name(const Slot* operands, Slot* results): the trap or 0.
  void add(const Case& c) {
    llvm::IRBuilder<> b(*context_);
    auto* function_type = llvm::FunctionType::get(b.getInt32Ty(), {b.getPtrTy(), b.getPtrTy()}, false);
    auto* function = llvm::Function::Create(function_type, llvm::Function::ExternalLinkage, c.name, module_.get());
    b.SetInsertPoint(llvm::BasicBlock::Create(*context_, "", function));
    llvm::SmallVector<llvm::Value*, 4> args;
    const std::string letters = c.operands();
    for (size_t i = 0; i < letters.size(); ++i) args.push_back(operand(b, c, i, letters[i]));
    if (c.twice) args[1] = args[0];
    if (c.inner != nullptr) {
      llvm::SmallVector<llvm::Value*, 1> inner;
      EXPECT_TRUE(pure_->lower(b, c.inner->op, std::span(args).subspan(c.at, c.inner->operands.size()), {}, {}, inner));
      args.resize(c.row->operands.size());
      args[c.at] = inner.front();
    }
    llvm::SmallVector<llvm::Value*, 2> results;
    emit(b, c, args, results);
    ASSERT_EQ(results.size(), c.row->results.size()) << c.name;
    for (unsigned i = 0; i < results.size(); ++i) {
      ASSERT_EQ(results[i]->getType(), type(b, c.row->results[i])) << c.name;
      b.CreateAlignedStore(results[i], b.CreateConstGEP1_32(b.getInt8Ty(), function->getArg(1), 16 * i),
                           llvm::Align(8));
    }
    b.CreateRet(b.getInt32(0));
    std::string text;
    llvm::raw_string_ostream out(text);
    EXPECT_FALSE(llvm::verifyFunction(*function, &out)) << c.name << ": " << text;
  }

  std::unique_ptr<llvm::orc::LLJIT> compile(bool optimize) {
    auto builder = llvm::cantFail(llvm::orc::JITTargetMachineBuilder::detectHost());
    auto machine = llvm::cantFail(builder.createTargetMachine());
    module_->setDataLayout(machine->createDataLayout());
    module_->setTargetTriple(machine->getTargetTriple());
    if (optimize) run_passes(*machine);
    auto jit = llvm::cantFail(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(builder).create());
    pure_.reset();
    llvm::cantFail(jit->addIRModule({std::move(module_), std::move(context_)}));
    return jit;
  }

 private:
  llvm::Value* operand(llvm::IRBuilder<>& b, const Case& c, size_t i, char letter) {
    llvm::Type* to = type(b, letter);
    if ((c.constant >> i & 1) != 0) {
      // As the translator has it: what a constant instruction lowers to.
      const std::map<char, Op> kConstants = {{'i', Op::i32_const},
                                             {'l', Op::i64_const},
                                             {'f', Op::f32_const},
                                             {'d', Op::f64_const},
                                             {'v', Op::v128_const}};
      binary::Imm imm;
      imm.lo = c.constants[i].lo;
      imm.hi = c.constants[i].hi;
      llvm::SmallVector<llvm::Value*, 1> results;
      EXPECT_TRUE(pure_->lower(b, kConstants.at(letter), {}, imm, {}, results));
      return results.front();
    }
    llvm::Value* from = b.GetInsertBlock()->getParent()->getArg(0);
    return b.CreateAlignedLoad(to, b.CreateConstGEP1_32(b.getInt8Ty(), from, 16 * static_cast<unsigned>(i)),
                               llvm::Align(8));
  }

  void emit(llvm::IRBuilder<>& b, const Case& c, llvm::ArrayRef<llvm::Value*> args,
            llvm::SmallVectorImpl<llvm::Value*>& results) {
    const Op op = c.row->op;
    if (isa::info(op).imm == ImmKind::MemArg) {
      results.push_back(pure_->widen_load(b, op, args[0]));
    } else if (isa::info(op).imm == ImmKind::MemArgLane) {
      results.push_back(args.size() == 2 ? pure_->insert_lane(b, op, args[0], args[1], c.imm)
                                         : pure_->extract_lane(b, op, args[0], c.imm));
    } else {
      auto trap_if = [&](llvm::Value* condition, Trap trap) {
        llvm::Function* function = b.GetInsertBlock()->getParent();
        auto* trapped = llvm::BasicBlock::Create(*context_, "", function);
        auto* next = llvm::BasicBlock::Create(*context_, "", function);
        b.CreateCondBr(condition, trapped, next);
        b.SetInsertPoint(trapped);
        b.CreateRet(b.getInt32(static_cast<uint32_t>(trap)));
        b.SetInsertPoint(next);
      };
      EXPECT_TRUE(pure_->lower(b, op, args, c.imm, trap_if, results)) << c.name;
    }
  }

  void run_passes(llvm::TargetMachine& machine) {
    for (llvm::Function& f : *module_) {
      if (f.isDeclaration()) continue;
      f.addFnAttr("target-cpu", machine.getTargetCPU());
      f.addFnAttr("target-features", machine.getTargetFeatureString());
    }
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager calls;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder passes(&machine);
    passes.registerModuleAnalyses(modules);
    passes.registerCGSCCAnalyses(calls);
    passes.registerFunctionAnalyses(functions);
    passes.registerLoopAnalyses(loops);
    passes.crossRegisterProxies(loops, functions, calls, modules);
    passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(*module_, modules);
  }

  std::unique_ptr<llvm::LLVMContext> context_;
  std::unique_ptr<llvm::Module> module_;
  std::unique_ptr<PureOps> pure_;
};

binary::Imm random_imm(const Row& row, std::mt19937_64& random) {
  binary::Imm imm;
  if (const uint32_t lanes = isa::info(row.op).lane_count(); lanes != 0) {
    imm.lane = static_cast<uint8_t>(random() % lanes);
    for (uint8_t& byte : imm.bytes) byte = static_cast<uint8_t>(random() % lanes);
  }
  return imm;
}

/// Whether results may be any arithmetic NaN where the semantics gives a NaN. Everything else moves bits.
bool is_arithmetic(Op op) {
  const std::string_view name = isa::mnemonic(op);
  if (name.starts_with('i') || name.find("reinterpret") != name.npos) return false;
  for (std::string_view part : {"abs", "neg", "copysign", "pmin", "pmax", "splat", "lane", "load", "const"})
    if (name.find(part) != name.npos && name.find("nmadd") == name.npos) return false;
  return name.starts_with('f');
}

template <class T, class Bits>
bool lanes_agree(const Slot& expected, const Slot& actual, size_t lanes) {
  const auto e = std::bit_cast<std::array<Bits, 16 / sizeof(T)>>(expected);
  const auto a = std::bit_cast<std::array<Bits, 16 / sizeof(T)>>(actual);
  constexpr Bits kQuiet = sizeof(T) == 4 ? Bits{0x7fc00000} : static_cast<Bits>(0x7ff8000000000000);
  for (size_t i = 0; i < lanes; ++i) {
    const T wanted = std::bit_cast<T>(e[i]);
    if (wanted != wanted ? (a[i] & kQuiet) != kQuiet : e[i] != a[i]) return false;
  }
  return true;
}
bool agree(const Case& c, size_t result, const Slot& expected, const Slot& actual) {
  const Row& row = *c.row;
  if (!is_arithmetic(row.op) && (c.inner == nullptr || !is_arithmetic(c.inner->op))) return expected == actual;
  const size_t lanes = row.results[result] == 'v' ? 16 : 1;
  if (isa::mnemonic(row.op).starts_with("f32")) return lanes_agree<float, uint32_t>(expected, actual, (lanes + 3) / 4);
  return lanes_agree<double, uint64_t>(expected, actual, (lanes + 7) / 8);
}

std::string describe(const Case& c, const Slots& operands, const Answer& expected, uint32_t trap,
                     const std::array<Slot, 2>& actual) {
  char text[512];
  snprintf(text, sizeof text,
           "%s(%016lx%016lx, %016lx%016lx, %016lx%016lx): expected trap %u %016lx%016lx, got trap %u %016lx%016lx",
           c.name.c_str(), operands[0].hi, operands[0].lo, operands[1].hi, operands[1].lo, operands[2].hi,
           operands[2].lo, static_cast<unsigned>(expected.trap), expected.results[0].hi, expected.results[0].lo, trap,
           actual[0].hi, actual[0].lo);
  return text;
}

Answer expected_of(const Case& c, Slots slots) {
  if (c.inner != nullptr) {
    Slots inner{};
    for (size_t i = 0; i < c.inner->operands.size(); ++i) inner[i] = slots[c.at + i];
    slots[c.at] = c.inner->eval(inner, {}).results[0];
  }
  return c.row->eval(slots, c.imm);
}

/// Runs a case on `count` sets of operands; stops at the first difference.
void check(const Case& c, Compiled compiled, Operands& operands, int count) {
  for (int k = 0; k < count; ++k) {
    Slots slots = c.constants;
    const std::string letters = c.operands();
    for (size_t i = 0; i < letters.size(); ++i)
      if ((c.constant >> i & 1) == 0) slots[i] = operands.next(letters[i]);
    if (c.twice) slots[1] = slots[0];
    const Answer expected = expected_of(c, slots);
    std::array<Slot, 2> actual{};
    const uint32_t trap = compiled(slots.data(), actual.data());
    bool same = trap == static_cast<uint32_t>(expected.trap);
    for (size_t i = 0; same && i < actual.size(); ++i)
      same = i < c.row->results.size() ? agree(c, i, expected.results[i], actual[i]) : actual[i] == Slot{};
    if (!same) {
      ADD_FAILURE() << describe(c, slots, expected, trap, actual);
      return;
    }
  }
}

void run(const std::vector<Case>& cases, PureOps::Forms forms, bool optimize, int count) {
  Harness harness(true, forms);
  for (const Case& c : cases) harness.add(c);
  if (testing::Test::HasFailure()) return;
  const auto jit = harness.compile(optimize);
  Operands operands;
  for (const Case& c : cases) check(c, llvm::cantFail(jit->lookup(c.name)).toPtr<Compiled>(), operands, count);
}

class PureOpsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  }
  const std::vector<Row> rows_ = all_rows();
  std::mt19937_64 random_{2};

  /// Rows with several immediates where they have one.
  std::vector<Case> variable_cases() {
    std::vector<Case> cases;
    for (const Row& row : rows_) {
      const size_t n = isa::info(row.op).imm == ImmKind::Shuffle ? 24 : isa::info(row.op).lane_count();
      for (size_t i = 0; i < (n == 0 ? 1 : n); ++i) {
        Case c{&row, random_imm(row, random_), 0, {}, name(row, cases)};
        if (n != 24) c.imm.lane = static_cast<uint8_t>(i);
        cases.push_back(c);
      }
    }
    return cases;
  }
  static std::string name(const Row& row, const std::vector<Case>& cases) {
    return std::string(isa::mnemonic(row.op)) + "#" + std::to_string(cases.size());
  }
};

TEST_F(PureOpsTest, EveryOrdinaryRowIsPure) {
  std::array<bool, isa::kOpCount> computes{};
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) \
  computes[static_cast<size_t>(Op::id)] = !isa::info(Op::id).has_mem_arg();
#include "isa/ops/numeric.def"
#include "isa/ops/relaxed_simd.def"
#include "isa/ops/simd.def"
#undef OP
  for (size_t i = 0; i < isa::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    EXPECT_EQ(PureOps::is_pure(op), computes[i]) << isa::mnemonic(op);
    if (PureOps::is_pure(op)) EXPECT_FALSE(isa::info(op).has_special_typing()) << isa::mnemonic(op);
  }
}

TEST_F(PureOpsTest, OtherInstructionsAreRefused) {
  llvm::LLVMContext context;
  llvm::Module module("test", context);
  PureOps pure(module, true);
  llvm::IRBuilder<> b(context);
  llvm::SmallVector<llvm::Value*, 1> results;
  for (Op op : {Op::nop, Op::unreachable, Op::call, Op::i32_load, Op::v128_load8x8_s, Op::memory_size, Op::local_get})
    EXPECT_FALSE(pure.lower(b, op, {}, {}, {}, results));
  EXPECT_TRUE(results.empty());
}

TEST_F(PureOpsTest, BestFormsComputeWhatTheSemanticsSays) { run(variable_cases(), PureOps::Forms::Best, false, 400); }
TEST_F(PureOpsTest, BestFormsSurviveOptimization) { run(variable_cases(), PureOps::Forms::Best, true, 400); }
TEST_F(PureOpsTest, BitcodeComputesWhatTheSemanticsSays) {
  run(variable_cases(), PureOps::Forms::Semantics, true, 400);
}

// Constants are where the optimizer finds identities that hold for all but signalling NaNs.
TEST_F(PureOpsTest, BestFormsWithConstantOperands) {
  Operands operands;
  std::vector<Case> cases;
  for (const Row& row : rows_) {
    if (isa::info(row.op).has_mem_arg()) continue;
    const unsigned all = (1u << row.operands.size()) - 1;
    for (int k = 0; k < 12; ++k) {
      Case c{&row, random_imm(row, random_), 1 + static_cast<unsigned>(random_() % all), {}, name(row, cases)};
      for (size_t i = 0; i < row.operands.size(); ++i) c.constants[i] = operands.next(row.operands[i]);
      cases.push_back(c);
    }
  }
  run(cases, PureOps::Forms::Best, true, 40);
}

TEST_F(PureOpsTest, FloatIdentitiesKeepNansQuiet) {
  const std::vector<double> kNumbers = {0.0, -0.0, 1.0, -1.0, 2.0, HUGE_VAL, -HUGE_VAL};
  std::vector<Case> cases;
  for (const Row& row : rows_) {
    if (!is_arithmetic(row.op) || row.operands.find_first_of("il") != std::string::npos) continue;
    for (double number : kNumbers) {
      const bool is_float = isa::mnemonic(row.op).starts_with("f32");
      const uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(number));
      const uint64_t lane = is_float ? bits | uint64_t{bits} << 32 : std::bit_cast<uint64_t>(number);
      for (unsigned i = 0; row.operands.size() > 1 && i < row.operands.size(); ++i) {
        Case c{&row, {}, 1u << i, {}, name(row, cases)};
        c.constants[i] = row.operands[i] == 'v' ? Slot{lane, lane} : Slot{is_float ? bits : lane, 0};
        cases.push_back(c);
      }
    }
  }
  run(cases, PureOps::Forms::Best, true, 100);
}

// Pairs of float instructions, the outer one also with an operand of the inner one.
TEST_F(PureOpsTest, FloatPairsKeepNansQuiet) {
  const auto is_float = [](const Row& row) {
    return (row.results == "f" || row.results == "d") && row.operands.find_first_not_of("fd") == std::string::npos;
  };
  std::vector<Case> cases;
  for (const Row& outer : rows_) {
    for (const Row& inner : rows_) {
      if (!is_float(outer) || !is_float(inner)) continue;
      for (size_t at = 0; at < outer.operands.size(); ++at) {
        if (outer.operands[at] != inner.results[0]) continue;
        // The sign of a NaN is not specified.
        if (at == 1 && isa::mnemonic(outer.op).ends_with("copysign")) continue;
        cases.push_back({&outer, {}, 0, {}, name(outer, cases) + "/" + name(inner, cases), &inner, at});
      }
    }
  }
  run(cases, PureOps::Forms::Best, true, 40);
}

TEST_F(PureOpsTest, SameOperandTwice) {
  std::vector<Case> cases;
  for (const Row& row : rows_) {
    if (isa::info(row.op).has_mem_arg() || row.operands.size() != 2 || row.operands[0] != row.operands[1]) continue;
    cases.push_back({&row, random_imm(row, random_), 0, {}, name(row, cases)});
    cases.back().twice = true;
  }
  run(cases, PureOps::Forms::Best, true, 200);
}

TEST_F(PureOpsTest, FormsForTheOtherArchitectureAreWellFormed) {
  for (PureOps::Forms forms : {PureOps::Forms::Best, PureOps::Forms::Semantics}) {
    Harness harness(false, forms);
    for (const Case& c : variable_cases()) harness.add(c);
    std::string text;
    llvm::raw_string_ostream out(text);
    EXPECT_FALSE(llvm::verifyModule(harness.module(), &out)) << text;
  }
}

}  // namespace
}  // namespace ashlar::optimizing
