// Debug objects, as LLVM's readers of ELF and DWARF see them.
#include "inspect/debug_object.h"

#include <gtest/gtest.h>
#include <llvm/DebugInfo/DIContext.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugFrame.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/raw_ostream.h>

#include "inspect/sample.h"

namespace ashlar::inspect {
namespace {

class DebugObject : public ::testing::Test {
 protected:
  DebugObject() {
    bytes_ = make_debug_object(*sample_.image, *sample_.module, functions_, sample_.lines());
    auto object = llvm::object::ObjectFile::createELFObjectFile(
        llvm::MemoryBufferRef({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}, "object"));
    if (!object) {
      ADD_FAILURE() << llvm::toString(object.takeError());
      return;
    }
    object_ = std::move(*object);
    dwarf_ = llvm::DWARFContext::create(*object_);
  }
  uint64_t code() const { return reinterpret_cast<uint64_t>(sample_.image->code()); }
  /// "inner /src/b.h:3, f /src/a.cc:13"
  std::string frames_at(uint64_t offset) {
    using Specifier = llvm::DILineInfoSpecifier;
    const Specifier wanted(Specifier::FileLineInfoKind::AbsoluteFilePath, Specifier::FunctionNameKind::LinkageName);
    const auto frames =
        dwarf_->getInliningInfoForAddress({code() + offset, llvm::object::SectionedAddress::UndefSection}, wanted);
    std::string out;
    for (uint32_t i = 0; i < frames.getNumberOfFrames(); ++i) {
      const llvm::DILineInfo& frame = frames.getFrame(i);
      out += (i == 0 ? "" : ", ") + frame.FunctionName + " " + frame.FileName + ":" + std::to_string(frame.Line);
    }
    return out;
  }

  const Sample sample_{kSampleText};
  const std::vector<Function> functions_ = functions_of(*sample_.image, *sample_.module);
  std::vector<uint8_t> bytes_;
  std::unique_ptr<llvm::object::ObjectFile> object_;
  std::unique_ptr<llvm::DWARFContext> dwarf_;
};

TEST_F(DebugObject, Symbols) {
  std::vector<std::pair<std::string, uint64_t>> found;
  for (const llvm::object::SymbolRef& symbol : object_->symbols()) {
    found.emplace_back(llvm::cantFail(symbol.getName()).str(), llvm::cantFail(symbol.getAddress()) - code());
  }
  ASSERT_EQ(found.size(), 3u);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].first, functions_[i].name);
    EXPECT_EQ(found[i].second, 0x40 * i);
  }
}

TEST_F(DebugObject, LinesAndInlinedCalls) {
  std::string complaints;
  llvm::raw_string_ostream stream(complaints);
  EXPECT_TRUE(dwarf_->verify(stream)) << complaints;
  const std::string f = "_ZN2ns1fEi /src/a.cc:";
  EXPECT_EQ(frames_at(0), f + "10");
  EXPECT_EQ(frames_at(0x1f), f + "11");
  EXPECT_EQ(frames_at(0x20), "g /src/a.cc:30, " + f + "12") << "inlined by our compiler";
  EXPECT_EQ(frames_at(0x3f), "inner /src/b.h:3, " + f + "13") << "inlined by the guest's";
  EXPECT_EQ(frames_at(0x80), "g /src/a.cc:30");
  ASSERT_EQ(dwarf_->getNumCompileUnits(), 1u);
  const llvm::DWARFDie unit = dwarf_->getUnitAtIndex(0)->getUnitDIE();
  EXPECT_STREQ(unit.getShortName(), "a.cc");
  EXPECT_STREQ(llvm::dwarf::toString(unit.find(llvm::dwarf::DW_AT_comp_dir), ""), "/src");
}

TEST_F(DebugObject, WithoutLinesThereIsNoDwarf) {
  const auto bytes = make_debug_object(*sample_.image, *sample_.module, functions_, {});
  auto object = llvm::object::ObjectFile::createELFObjectFile(
      llvm::MemoryBufferRef({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "object"));
  ASSERT_TRUE(static_cast<bool>(object));
  EXPECT_EQ(llvm::DWARFContext::create(**object)->getNumCompileUnits(), 0u);
}

// Canonical frame addresses from the prologue's steps on to the return, by address.
TEST_F(DebugObject, Frames) {
  auto frames = dwarf_->getEHFrame();
  ASSERT_TRUE(static_cast<bool>(frames));
  const llvm::dwarf::FDE* found = nullptr;
  for (const llvm::dwarf::FrameEntry& entry : **frames) {
    const auto* fde = llvm::dyn_cast<llvm::dwarf::FDE>(&entry);
    if (fde != nullptr && fde->getInitialLocation() == code()) found = fde;
  }
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->getAddressRange(), 0x40u);
  auto table = llvm::dwarf::createUnwindTable(found);
  ASSERT_TRUE(static_cast<bool>(table));
  std::string text;
  for (const llvm::dwarf::UnwindRow& row : *table) {
    text += std::to_string(row.getAddress() - code()) + ": " + std::to_string(row.getCFAValue().getOffset());
    for (const unsigned reg : {3, 15}) {
      if (const auto place = row.getRegisterLocations().getRegisterLocation(reg)) {
        text += " r" + std::to_string(reg) + "@" + std::to_string(place->getOffset());
      }
    }
    text += "\n";
  }
  EXPECT_EQ(text,
            "0: 8\n"
            "2: 16 r15@-16\n"
            "3: 24 r3@-24 r15@-16\n"
            "7: 56 r3@-24 r15@-16\n"
            "62: 8\n");
}

}  // namespace
}  // namespace ashlar::inspect
