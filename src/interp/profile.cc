// Counting executions by address and naming step sequences as the rows of fused.def do.
#include "interp/profile.h"

#if ASHLAR_PROFILE

#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include "interp/lowering.h"
#include "validate/validate.h"

namespace ashlar::interp::profile {

namespace {

std::unordered_map<const Code*, uint64_t>& counts() {
  static auto* const map = new std::unordered_map<const Code*, uint64_t>(1 << 16);  // asked until the very end
  return *map;
}

const char* const kSrcNames[] = {"Src::R", "Src::S", "Src::C", "Src::L0", "Src::L1", "Src::L2"};
const char* const kDstNames[] = {"Dst::R", "Dst::RS", "Dst::L0", "Dst::L1", "Dst::L2"};
const char* const kFSrcNames[] = {"FSrc::X", "FSrc::S", "FSrc::K"};
const char* const kFDstNames[] = {"FDst::X", "FDst::XS"};
const char* const kOpIds[] = {
#define OP(id, prefix, code, mnemonic, imm, sig, feature, width) "Op::" #id,
#include "isa/ops/all.def"
};

std::string first_name(char letter, uint32_t i) {
  return is_int_letter(letter) ? kSrcNames[static_cast<int>(kFirstSrc[i])] : kFSrcNames[i];
}
std::string later_name(char letter, uint32_t i) { return is_int_letter(letter) ? kSrcNames[i] : kFSrcNames[i]; }
std::string dest_name(char letter, uint32_t i) { return is_int_letter(letter) ? kDstNames[i] : kFDstNames[i]; }

std::string numeric_name(Op op, uint32_t i) {
  const isa::OpInfo& o = isa::info(op);
  std::string id = kOpIds[static_cast<size_t>(op)];
  uint32_t na = static_cast<uint32_t>(first_shapes(op, o.operand(0)));
  if (o.operand_count() == 1)
    return "Un<" + id + "," + dest_name(o.result(0), i / na) + "," + first_name(o.operand(0), i % na) + ">";
  uint32_t nb = static_cast<uint32_t>(later_shapes(op, o.operand(1)));
  return "Bin<" + id + "," + dest_name(o.result(0), i / nb / na) + "," + first_name(o.operand(0), i / nb % na) + "," +
         later_name(o.operand(1), i % nb) + ">";
}

std::string compare_name(Op op, uint32_t i) {
  const isa::OpInfo& o = isa::info(op);
  uint32_t na = static_cast<uint32_t>(first_shapes(op, o.operand(0)));
  uint32_t nb = static_cast<uint32_t>(later_shapes(op, o.operand(1)));
  uint32_t flags = i / nb / na;
  return std::string("if ") + (flags / 2 ? "true" : "false") + ",CmpCond<" + kOpIds[static_cast<size_t>(op)] + "," +
         first_name(o.operand(0), i / nb % na) + "," + later_name(o.operand(1), i % nb) + "," +
         (flags % 2 ? "true" : "false") + ">";
}

const char* const kAccNames[] = {"Acc::I8S", "Acc::I8U", "Acc::I16S", "Acc::I16U", "Acc::I32",
                                 "Acc::Ref", "Acc::I64", "Acc::F32",  "Acc::F64"};
const char* const kTestNames[] = {"TestKind::Concrete", "TestKind::ConcreteNull", "TestKind::Other"};
const char* const kRefOpNames[] = {"RefOp::ArrayLen", "RefOp::I31New", "RefOp::I31GetS",  "RefOp::I31GetU",
                                   "RefOp::NonNull",  "RefOp::Cast",   "RefOp::CastNull", "RefOp::CastOther"};

/// The same for steps of GC.
std::string gc_name(Key key) {
  const uint32_t op = op_of(key), i = index_of(key);
  const auto first = [](uint32_t n) { return std::string(kSrcNames[static_cast<int>(kFirstSrc[n])]); };
  const char letter = op < kAccCount ? acc_letter(static_cast<Acc>(op)) : 'i';
  const bool is_int = is_int_letter(letter);
  switch (kind_of(key)) {
    case StepKind::StructGet:
      return std::string("StructGet<") + kAccNames[op] + "," + dest_name(letter, i / 5) + "," + first(i % 5) + ">";
    case StepKind::StructSet: {
      const uint32_t nv = is_int ? kSrcCount : 2;
      return std::string("StructSet<") + kAccNames[op] + "," + first(i / nv) + "," + later_name(letter, i % nv) + ">";
    }
    case StepKind::ArrayGet:
      return std::string("ArrayGet<") + kAccNames[op] + "," + dest_name(letter, i / 30) + "," + first(i / 6 % 5) + "," +
             kSrcNames[i % 6] + ">";
    case StepKind::ArraySet: {
      const uint32_t nv = is_int ? kArraySetValues : 2;
      return std::string("ArraySet<") + kAccNames[op] + "," + first(i / nv / 6) + "," + kSrcNames[i / nv % 6] + "," +
             later_name(letter, i % nv) + ">";
    }
    case StepKind::StructNew:
      return "StructNew<" + std::to_string(op & 7) + "," + std::to_string(op >> 3) + "," + kDstNames[i] + ">";
    case StepKind::RefTest:
      return std::string("RefTest<") + kTestNames[op] + "," + kDstNames[i / 5] + "," + first(i % 5) + ">";
    case StepKind::TestBr:
      return std::string("if ") + (i / 10 ? "true" : "false") + ",TestCond<" + kTestNames[op] + "," + first(i % 5) +
             "," + (i / 5 % 2 ? "true" : "false") + ">";
    case StepKind::RefUn:
      return std::string("RefUn<") + kRefOpNames[op] + "," + kDstNames[i / 5] + "," + first(i % 5) + ">";
    case StepKind::RefCheck:
      return std::string("RefCheck<") + kRefOpNames[op] + "," + first(i) + ">";
    case StepKind::RefFunc:
      return std::string("RefFunc<") + kDstNames[i] + ">";
    case StepKind::TableGet:
      return std::string("TableGet<") + kDstNames[i / 2] + "," + kSrcNames[i % 2] + ">";
    default:
      return {};
  }
}

/// The step's type; empty for steps that are never fused.
std::string name(Key key) {
  uint32_t op = op_of(key), i = index_of(key);
  const isa::OpInfo& o = isa::kOpTable[op < isa::kOpCount ? op : 0];
  switch (kind_of(key)) {
    case StepKind::Numeric:
      return numeric_name(static_cast<Op>(op), i);
    case StepKind::Load:
      return std::string("Load<") + kOpIds[op] + "," + dest_name(o.result(0), i / kSrcCount) + "," +
             kSrcNames[i % kSrcCount] + ">";
    case StepKind::Store: {
      uint32_t nv = is_int_letter(o.operand(1)) ? kSrcCount : 2;
      return std::string("Store<") + kOpIds[op] + "," + kSrcNames[i / nv] + "," + later_name(o.operand(1), i % nv) +
             ">";
    }
    case StepKind::Mov:
      return std::string("Mov<") + (op ? "true," : "false,") + kDstNames[i / kSrcCount] + "," +
             kSrcNames[i % kSrcCount] + ">";
    case StepKind::MovS:
      return std::string("MovS<") + (op ? "true," : "false,") + kSrcNames[i] + ">";
    case StepKind::FMov:
      return std::string("FMov<") +
             (op == 0   ? "float,"
              : op == 1 ? "double,"
                        : "V128,") +
             kFDstNames[i / 3] + "," + kFSrcNames[i % 3] + ">";
    case StepKind::Tern:
      return std::string("Tern<") + kOpIds[op] + "," + kFDstNames[i / 2] + "," + kFSrcNames[i % 2] + ">";
    case StepKind::FSelect:
      return std::string("FSelect<") +
             (op == 0   ? "float,"
              : op == 1 ? "double,"
                        : "V128,") +
             kFDstNames[i / 8] + "," + kFSrcNames[i / 4 % 2] + "," + kFSrcNames[i / 2 % 2] + "," + kSrcNames[i % 2] +
             ">";
    case StepKind::Const64:
      return i == kDstCount ? std::string("Const64S") : std::string("Const64<") + kDstNames[i] + ">";
    case StepKind::VMovS:
      return i == 0 ? "VMovS" : "VConstS";
    case StepKind::GlobalGet:
      return std::string("GlobalGet<") + kDstNames[i] + ">";
    case StepKind::GlobalSet:
      return std::string("GlobalSet<") + kSrcNames[i] + ">";
    case StepKind::Select: {
      static const char* const names[] = {"Src::S", "Src::C", "Src::R"};
      return std::string("Select<") + kDstNames[i / 18] + "," + names[i / 6 % 3] + "," + names[i / 2 % 3] + "," +
             kSrcNames[i % 2] + ">";
    }
    case StepKind::CmpBr:
      return compare_name(static_cast<Op>(op), i);
    case StepKind::NezBr:
      return std::string("if ") + (i / 10 ? "true" : "false") + ",NezCond<" +
             kSrcNames[static_cast<int>(kFirstSrc[i % 5])] + "," + (i / 5 % 2 ? "true" : "false") + ">";
    case StepKind::Br:
      return i ? "br true" : "br false";
    case StepKind::Ret: {
      static const char* const names[] = {"None", "R", "X", "S"};
      return std::string("ret RetKind::") + names[i];
    }
    default:
      return gc_name(key);
  }
}

void dump(ModuleCode& code, const FuncCode& f) {
  const char* path = std::getenv("ASHLAR_PROFILE_OUT");
  if (path == nullptr) return;
  std::vector<TraceEntry> trace;
  validate::ValidateOptions options{.features = code.config().features, .limits = code.config().limits};
  auto facts = validate::validate_function(code.module(), f.index, options);
  if (!facts) return;
  Lowering lowering(code, f.index, *facts, nullptr);
  lowering.set_trace(&trace);
  if (!lowering.run()) return;
  std::FILE* out = std::fopen(path, "a");
  if (out == nullptr) return;
  std::string line;
  uint64_t weight = 0;
  auto end_line = [&] {
    if (!line.empty() && weight > 0)
      std::fprintf(out, "%llu%s\n", static_cast<unsigned long long>(weight), line.c_str());
    line.clear();
    weight = 0;
  };
  for (const TraceEntry& e : trace) {
    std::string step = e.key == TraceEntry::kBoundary ? std::string() : name(e.key);
    if (step.empty()) {
      // A stand-alone instruction counts as one dispatch.
      end_line();
      if (auto it = counts().find(f.begin() + e.code); it != counts().end() && e.key != TraceEntry::kBoundary)
        std::fprintf(out, "%llu\t?\n", static_cast<unsigned long long>(it->second));
      continue;
    }
    if (line.empty()) {
      auto it = counts().find(f.begin() + e.code);
      weight = it == counts().end() ? 0 : it->second;
    }
    line += "\t" + step;
    StepKind k = kind_of(e.key);
    if (k == StepKind::CmpBr || k == StepKind::NezBr || k == StepKind::TestBr || k == StepKind::Br ||
        k == StepKind::Ret)
      end_line();
  }
  end_line();
  std::fclose(out);
}

void finish_all();

/// Modules that have not ended.
std::vector<ModuleCode*>& modules() {
  static auto* const list = [] {
    std::atexit(&finish_all);
    return new std::vector<ModuleCode*>;
  }();
  return *list;
}

void finish_all() {
  while (!modules().empty()) finish(*modules().back());
}

}  // namespace

void count(const Code* ip) { ++counts()[ip]; }

void add(ModuleCode& code) { modules().push_back(&code); }

void finish(ModuleCode& code) {
  std::erase(modules(), &code);
  for (const auto& f : code.codes()) dump(code, *f);
}

}  // namespace ashlar::interp::profile

#endif
