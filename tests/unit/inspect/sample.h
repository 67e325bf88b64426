// An image of a module with names, made by hand, for tests of what is shown of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "api/load.h"
#include "binary/decode.h"
#include "native/image.h"
#include "native/source_lines.h"

namespace ashlar::inspect {

/// Three functions: `f` with two saved registers and a frame of 0x30 bytes behind its prologue, whose code at 0x20 is
/// inlined; a loop of it; one of another name. All x86-64, of which nothing is run.
struct Sample {
  explicit Sample(std::string_view text) {
    auto source = api::assemble({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, nullptr);
    EXPECT_TRUE(source) << source.error().render();
    auto decoded = binary::decode(source->bytes, source->storage, {});
    EXPECT_TRUE(decoded) << decoded.error().render();
    module = std::move(*decoded);
    const uint32_t f = module->funcs[0].body_offset;
    native::ImageParts parts;
    parts.target = {native::Arch::X86_64, "generic", ""};
    parts.wasm = module->bytes;
    parts.code.assign(0x100, 0x90);
    const uint8_t prologue[] = {0x41, 0x57, 0x53, 0x48, 0x83, 0xec, 0x20};  // push r15, push rbx, sub 0x20
    std::copy(std::begin(prologue), std::end(prologue), parts.code.begin());
    parts.text_size = 0xc0;
    parts.entries = {1, 0x81};
    parts.loops = {{.func = 0, .wasm = f + 1, .entry = 0x40}};
    const auto row = [&](uint32_t begin, uint32_t func, uint32_t stack) {
      native::FrameRow out = {};
      out.begin = begin;
      out.end = begin + 0x40;
      out.func = func;
      out.stack_size = stack;
      parts.frames.push_back(out);
    };
    row(0, 0, 0x30);
    parts.frames[0].saved[0] = -24;  // rbx
    parts.frames[0].saved[4] = -16;  // r15
    row(0x40, 0, 0);
    row(0x80, 1, 8);
    parts.pads.resize(3);
    parts.places = {{{.at = 0x10, .wasm = f + 1, .inlined_at = {}},
                     {.at = 0x20, .wasm = module->funcs[1].body_offset, .inlined_at = {f + 2}},
                     {.at = 0x30, .wasm = f + 3, .inlined_at = {}, .call = true},
                     {.at = 0x3e, .wasm = f + 3, .inlined_at = {}, .call = false, .frameless = true}},
                    {},
                    {}};
    auto loaded = native::Image::load(native::write_image(parts), native::Image::Trust::Inspect);
    EXPECT_TRUE(loaded) << loaded.error().render();
    image = std::move(*loaded);
  }

  /// Of `f` in a.cc from line 10 on, with an `inner` in b.h that was inlined by the guest's compiler at f + 3, and of
  /// `g`.
  native::SourceLines lines() const {
    const uint32_t f = module->funcs[0].body_offset;
    native::SourceLines out;
    out.strings = {"",           "a.cc",      "/src",  "clang version 22", "ns::f(int)",
                   "_ZN2ns1fEi", "/src/a.cc", "inner", "/src/b.h",         "g"};
    out.units = {{.name = 1, .directory = 2, .producer = 3, .language = 0x21}};
    const auto frame = [&](uint32_t name, uint32_t linkage, uint32_t file, uint32_t line, uint32_t start) {
      out.frames.push_back(
          {.function = name, .linkage = linkage, .file = file, .line = line, .start_file = file, .start_line = start});
    };
    const auto here = [&](uint32_t wasm, uint32_t count) {
      out.rows.push_back({.wasm = wasm,
                          .unit = 0,
                          .first_frame = static_cast<uint32_t>(out.frames.size()) - count,
                          .frame_count = count});
    };
    frame(4, 5, 6, 10, 10);
    here(f, 1);
    frame(4, 5, 6, 11, 10);
    here(f + 1, 1);
    frame(4, 5, 6, 12, 10);
    here(f + 2, 1);
    frame(7, 0, 8, 3, 2);
    frame(4, 5, 6, 13, 10);
    here(f + 3, 2);
    frame(9, 0, 6, 30, 30);
    here(module->funcs[1].body_offset, 1);
    return out;
  }

  std::unique_ptr<module::Module> module;
  std::shared_ptr<native::Image> image;
};

inline constexpr std::string_view kSampleText = R"((module $m
  (func $"a\0ab\7f c" (export "x") (nop) (nop) (nop) (nop) (nop))
  (func (export "second\09"))))";

}  // namespace ashlar::inspect
