// Writing of DWARF: a unit for each of the guest's.
#include "inspect/dwarf_writer.h"

#include <map>
#include <tuple>
#include <unordered_map>

#include "inspect/inline_tree.h"
#include "inspect/source.h"

namespace ashlar::inspect {

namespace {

using native::Image;
using native::SourceFrame;
using native::SourceLines;
using native::SourceUnit;

constexpr uint16_t kVersion = 4;
constexpr uint8_t kAddressSize = 8;

enum Tag : uint8_t { kCompileUnit = 0x11, kInlinedSubroutine = 0x1d, kSubprogram = 0x2e };
enum Attribute : uint8_t {
  kName = 0x03,
  kStmtList = 0x10,
  kLowPc = 0x11,
  kHighPc = 0x12,
  kLanguage = 0x13,
  kCompDir = 0x1b,
  kInline = 0x20,
  kProducer = 0x25,
  kAbstractOrigin = 0x31,
  kDeclFile = 0x3a,
  kDeclLine = 0x3b,
  kExternal = 0x3f,
  kRanges = 0x55,
  kCallFile = 0x58,
  kCallLine = 0x59,
  kLinkageName = 0x6e,
};
enum Form : uint8_t {
  kFormAddr = 0x01,
  kFormData2 = 0x05,
  kFormData8 = 0x07,
  kFormString = 0x08,
  kFormData1 = 0x0b,
  kFormUdata = 0x0f,
  kFormRef4 = 0x13,
  kFormSecOffset = 0x17,
  kFormFlagPresent = 0x19,
};
enum Abbreviation : uint8_t {
  kUnitEntry = 1,
  kFunctionEntry,
  kMangledFunctionEntry,
  kAbstractEntry,
  kMangledAbstractEntry,
  kInlinedEntry,
};

struct AttributeForm {
  Attribute attribute;
  Form form;
};

void abbreviation(Bytes& out, Abbreviation code, Tag tag, bool children, std::initializer_list<AttributeForm> forms) {
  out.uleb(code);
  out.uleb(tag);
  out.byte(children ? 1 : 0);
  for (const AttributeForm& row : forms) {
    out.uleb(row.attribute);
    out.uleb(row.form);
  }
  out.byte(0);
  out.byte(0);
}

void write_abbreviations(Bytes& out) {
  abbreviation(out, kUnitEntry, kCompileUnit, true,
               {{kProducer, kFormString},
                {kLanguage, kFormData2},
                {kName, kFormString},
                {kCompDir, kFormString},
                {kStmtList, kFormSecOffset},
                {kLowPc, kFormAddr},
                {kRanges, kFormSecOffset}});
  abbreviation(out, kFunctionEntry, kSubprogram, true,
               {{kName, kFormString},
                {kDeclFile, kFormUdata},
                {kDeclLine, kFormUdata},
                {kExternal, kFormFlagPresent},
                {kLowPc, kFormAddr},
                {kHighPc, kFormData8}});
  abbreviation(out, kMangledFunctionEntry, kSubprogram, true,
               {{kName, kFormString},
                {kLinkageName, kFormString},
                {kDeclFile, kFormUdata},
                {kDeclLine, kFormUdata},
                {kExternal, kFormFlagPresent},
                {kLowPc, kFormAddr},
                {kHighPc, kFormData8}});
  abbreviation(out, kAbstractEntry, kSubprogram, false,
               {{kName, kFormString}, {kDeclFile, kFormUdata}, {kDeclLine, kFormUdata}, {kInline, kFormData1}});
  abbreviation(out, kMangledAbstractEntry, kSubprogram, false,
               {{kName, kFormString},
                {kLinkageName, kFormString},
                {kDeclFile, kFormUdata},
                {kDeclLine, kFormUdata},
                {kInline, kFormData1}});
  abbreviation(
      out, kInlinedEntry, kInlinedSubroutine, true,
      {{kAbstractOrigin, kFormRef4}, {kRanges, kFormSecOffset}, {kCallFile, kFormUdata}, {kCallLine, kFormUdata}});
  out.byte(0);
}

/// Files of one unit, numbered from 1 on.
class FileTable {
 public:
  uint32_t number(uint32_t string) {
    const auto [found, is_new] = numbers_.try_emplace(string, static_cast<uint32_t>(files_.size()) + 1);
    if (is_new) files_.push_back(string);
    return found->second;
  }
  const std::vector<uint32_t>& files() const { return files_; }

 private:
  std::vector<uint32_t> files_;
  std::unordered_map<uint32_t, uint32_t> numbers_;
};

/// The line program of one unit. Its files are complete only when all else is written: the header comes last.
class LineProgram {
 public:
  explicit LineProgram(FileTable& files) : files_(files) {}

  void begin(uint64_t address) {
    file_ = line_ = 1;
    out_.byte(0);
    out_.uleb(1 + sizeof address);
    out_.byte(kSetAddress);
    out_.put(address);
  }
  void row(uint32_t advance, const SourceFrame& frame) {
    if (advance != 0) advance_pc(advance);
    if (const uint32_t file = files_.number(frame.file); file != file_) {
      out_.byte(kSetFile);
      out_.uleb(file);
      file_ = file;
    }
    out_.byte(kAdvanceLine);
    out_.sleb(int64_t{frame.line} - line_);
    line_ = frame.line;
    out_.byte(kCopy);
  }
  void end(uint32_t advance) {
    advance_pc(advance);
    out_.byte(0);
    out_.uleb(1);
    out_.byte(kEndSequence);
  }

  void write(Bytes& out, const SourceLines& lines) const {
    const size_t begin = out.size();
    out.put(uint32_t{0});
    out.put(kVersion);
    const size_t header = out.size();
    out.put(uint32_t{0});
    out.byte(1);  // bytes of the smallest instruction
    out.byte(1);  // operations in one
    out.byte(1);  // rows are statements
    out.put(int8_t{-5});
    out.byte(14);
    constexpr uint8_t kOperands[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    out.byte(std::size(kOperands) + 1);
    out.append(kOperands);
    out.byte(0);  // no folders: files have their whole paths
    for (const uint32_t file : files_.files()) {
      out.text(lines.text(file).empty() ? "?" : lines.text(file));
      out.uleb(0);
      out.uleb(0);
      out.uleb(0);
    }
    out.byte(0);
    out.set(header, static_cast<uint32_t>(out.size() - header - sizeof(uint32_t)));
    out.append(out_.bytes());
    out.set(begin, static_cast<uint32_t>(out.size() - begin - sizeof(uint32_t)));
  }

 private:
  enum Standard : uint8_t { kCopy = 1, kAdvancePc = 2, kAdvanceLine = 3, kSetFile = 4 };
  enum Extended : uint8_t { kEndSequence = 1, kSetAddress = 2 };

  void advance_pc(uint32_t by) {
    out_.byte(kAdvancePc);
    out_.uleb(by);
  }

  FileTable& files_;
  Bytes out_;
  uint32_t file_ = 1;
  uint32_t line_ = 1;
};

/// A function of the guest with its places.
struct SourceFunction {
  const Function* function;
  const SourceFrame* frame;
  std::vector<PlaceStart> starts;
  InlineTree tree;
};

class UnitWriter {
 public:
  UnitWriter(const Image& image, const SourceLines& lines, const SourceUnit& unit, Dwarf& out)
      : code_(reinterpret_cast<uint64_t>(image.code())), lines_(lines), unit_(unit), out_(out), program_(files_) {}

  void run(std::vector<SourceFunction>& functions) {
    begin_ = out_.info.size();
    out_.info.put(uint32_t{0});
    out_.info.put(kVersion);
    out_.info.put(uint32_t{0});
    out_.info.byte(kAddressSize);
    unit_entry(functions);
    for (SourceFunction& function : functions) {
      lines_of(function);
      for (const InlineTree::Node& node : function.tree.nodes()) {
        if (node.callee != nullptr) abstract_entry(*node.callee);
      }
      function_entry(function);
    }
    out_.info.byte(0);
    out_.info.set(begin_, static_cast<uint32_t>(out_.info.size() - begin_ - sizeof(uint32_t)));
    program_.write(out_.line, lines_);
  }

 private:
  void unit_entry(std::span<const SourceFunction> functions) {
    Bytes& info = out_.info;
    info.uleb(kUnitEntry);
    info.text(lines_.text(unit_.producer));
    info.put(static_cast<uint16_t>(unit_.language));
    info.text(lines_.text(unit_.name));
    info.text(lines_.text(unit_.directory));
    info.put(static_cast<uint32_t>(out_.line.size()));
    info.put(uint64_t{0});
    info.put(static_cast<uint32_t>(out_.ranges.size()));
    for (const SourceFunction& f : functions) range(f.function->row->begin, f.function->row->end);
    end_ranges();
  }

  void lines_of(SourceFunction& function) {
    const native::FrameRow& row = *function.function->row;
    uint32_t at = row.begin;
    const SourceFrame* last = nullptr;
    uint32_t rows = 0;
    program_.begin(code_ + at);
    for (size_t i = 0; i < function.starts.size(); ++i) {
      const PlaceStart& start = function.starts[i];
      const auto frames = frames_at(start.place, lines_);
      const uint32_t end = i + 1 < function.starts.size() ? function.starts[i + 1].at : row.end;
      if (!frames.empty()) function.tree.add(start.at, end, frames);
      const SourceFrame* frame = frames.empty() ? nullptr : frames.front();
      if (frame == nullptr || frame->line == 0) continue;
      // The second row is where debuggers take a prologue to end: it is there even if the line is the same.
      const bool same = last != nullptr && last->file == frame->file && last->line == frame->line;
      if (same && rows >= 2) continue;
      program_.row(start.at - at, *frame);
      at = start.at;
      last = frame;
      ++rows;
    }
    program_.end(row.end - at);
  }

  void names(const SourceFrame& frame) {
    out_.info.text(lines_.text(frame.function));
    if (frame.linkage != 0) out_.info.text(lines_.text(frame.linkage));
    out_.info.uleb(frame.start_line == 0 ? 0 : files_.number(frame.start_file));
    out_.info.uleb(frame.start_line);
  }

  void abstract_entry(const SourceFrame& frame) {
    const AbstractKey key{frame.function, frame.linkage, frame.start_file, frame.start_line};
    const auto [found, is_new] = abstract_.try_emplace(key, static_cast<uint32_t>(out_.info.size() - begin_));
    if (!is_new) return;
    out_.info.uleb(frame.linkage != 0 ? kMangledAbstractEntry : kAbstractEntry);
    names(frame);
    constexpr uint8_t kInlined = 1;
    out_.info.byte(kInlined);
  }

  void function_entry(const SourceFunction& function) {
    const Function& f = *function.function;
    out_.info.uleb(function.frame->linkage != 0 ? kMangledFunctionEntry : kFunctionEntry);
    names(*function.frame);
    out_.info.put(f.address());
    out_.info.put(uint64_t{f.code.size()});
    const auto& nodes = function.tree.nodes();
    for (const uint32_t child : nodes[0].children) inlined_entry(nodes, child);
    out_.info.byte(0);
  }

  // As deep as frames_at() allows.
  void inlined_entry(const std::vector<InlineTree::Node>& nodes, uint32_t number) {
    const InlineTree::Node& node = nodes[number];
    const SourceFrame& callee = *node.callee;
    out_.info.uleb(kInlinedEntry);
    out_.info.put(abstract_.at({callee.function, callee.linkage, callee.start_file, callee.start_line}));
    out_.info.put(static_cast<uint32_t>(out_.ranges.size()));
    for (const auto& [begin, end] : node.ranges) range(begin, end);
    end_ranges();
    out_.info.uleb(files_.number(node.call->file));
    out_.info.uleb(node.call->line);
    for (const uint32_t child : node.children) inlined_entry(nodes, child);
    out_.info.byte(0);
  }

  void range(uint32_t begin, uint32_t end) {
    out_.ranges.put(code_ + begin);
    out_.ranges.put(code_ + end);
  }
  void end_ranges() {
    out_.ranges.put(uint64_t{0});
    out_.ranges.put(uint64_t{0});
  }

  using AbstractKey = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>;
  uint64_t code_;
  const SourceLines& lines_;
  const SourceUnit& unit_;
  Dwarf& out_;
  FileTable files_;
  LineProgram program_;
  size_t begin_ = 0;
  std::map<AbstractKey, uint32_t> abstract_;  ///< to offsets in the unit
};

}  // namespace

Dwarf write_dwarf(const Image& image, const module::Module& m, std::span<const Function> functions,
                  const SourceLines& lines) {
  std::map<uint32_t, std::vector<SourceFunction>> units;
  for (const Function& function : functions) {
    if (function.row->func >= m.funcs.size()) continue;
    const native::SourceRow* row = lines.find(m.funcs[function.row->func].body_offset);
    if (row == nullptr) continue;
    units[row->unit].push_back(
        {&function, &lines.frames_of(*row).back(), place_starts(image, *function.row, m), InlineTree()});
  }
  Dwarf out;
  if (units.empty()) return out;
  write_abbreviations(out.abbrev);
  for (auto& [unit, its] : units) UnitWriter(image, lines, lines.units[unit], out).run(its);
  return out;
}

}  // namespace ashlar::inspect
