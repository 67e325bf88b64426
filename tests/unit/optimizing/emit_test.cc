// Emission and linking: small LLVM modules become images; their code is run and their tables are compared.
#include "optimizing/emit.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/SourceMgr.h>

#include <array>
#include <cstring>
#include <map>
#include <string>

#include "optimizing/link.h"
#include "optimizing/target.h"

namespace ashlar::optimizing {
namespace {

// What all modules below share. "#N" in a definition is function N of the module.
std::string with_common(std::string text) {
  text = "declare i32 @ashlar_personality(...)\ndeclare void @llvm.ubsantrap(i8 immarg)\n" + text;
  for (int i = 1; i <= 9; ++i) {
    const std::string number = std::to_string(i);
    text += "\nattributes #" + number +
            " = { noinline uwtable \"probe-stack\"=\"inline-asm\" \"no-realign-stack\" \"ashlar-func\"=\"" + number +
            "\" }";
  }
  text += "\nattributes #10 = { \"" + std::string(kTailCallAttribute) + "\" }";
  return text + R"(
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1, emissionKind: NoDebug)
!1 = !DIFile(filename: "m.wasm", directory: "")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !4)
!4 = !{null}
!5 = distinct !DISubprogram(name: "f", file: !1, line: 100, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!6 = distinct !DISubprogram(name: "g", file: !1, line: 100, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!7 = distinct !DISubprogram(name: "h", file: !1, line: 100, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!11 = !DILocation(line: 101, scope: !5)
!12 = !DILocation(line: 102, scope: !5)
!13 = !DILocation(line: 103, scope: !6, inlinedAt: !14)
!14 = distinct !DILocation(line: 104, scope: !6, inlinedAt: !15)
!15 = distinct !DILocation(line: 105, scope: !5)
!16 = !DILocation(line: 106, scope: !7)
!17 = !DILocation(line: 107, scope: !7)
)";
}

CompileOptions options_for(OptLevel level, const char* arch = "") {
  CompileOptions options;
  options.level = level;
  options.arch = arch;
  options.cpu = "generic";
  return options;
}

Result<native::ImageParts> build(const std::vector<std::string>& modules, const CompileOptions& options) {
  TRY_ASSIGN(auto target, make_target(options));
  std::vector<ObjectCode> objects;
  for (const std::string& text : modules) {
    llvm::LLVMContext context;
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> ir = llvm::parseAssemblyString(with_common(text), diagnostic, context);
    EXPECT_NE(ir, nullptr) << diagnostic.getMessage().str() << " in line " << diagnostic.getLineNo();
    ir->setTargetTriple(target->getTargetTriple());
    ir->setDataLayout(target->createDataLayout());
    TRY_ASSIGN(ObjectCode object, emit(*ir, *target));
    objects.push_back(std::move(object));
  }
  native::ImageParts parts;
  TRY(link(objects, 1, 9, parts));
  parts.target = image_target(*target);
  return parts;
}

std::shared_ptr<native::Image> load(const native::ImageParts& parts) {
  auto image = native::Image::load(native::write_image(parts), native::Image::Trust::Verify);
  EXPECT_TRUE(image) << image.error().render();
  return image ? *image : nullptr;
}

const native::FrameRow& frame_of(const native::ImageParts& parts, uint32_t func) {
  for (const native::FrameRow& frame : parts.frames) {
    if (frame.func == func) return frame;
  }
  ADD_FAILURE() << "no function " << func;
  return parts.frames.front();
}

const std::vector<native::Place>& places_of(const native::ImageParts& parts, uint32_t func) {
  return parts.places[static_cast<size_t>(&frame_of(parts, func) - parts.frames.data())];
}

constexpr const char* kAdd = R"(
define hidden i64 @add(ptr %c, i64 %a, i64 %b) #1 {
  %s = add i64 %a, %b
  ret i64 %s
})";
constexpr const char* kDeclareAdd = "declare hidden i64 @add(ptr, i64, i64)\n";

// Weighs each of its arguments differently; they take all registers that there are.
constexpr const char* kWeigh = R"(
define hidden i64 @weigh(ptr %c, i64 %a0, i64 %a1, i64 %a2, i64 %a3, i64 %a4) #2 {
  %m1 = mul i64 %a1, 10
  %m2 = mul i64 %a2, 100
  %m3 = mul i64 %a3, 1000
  %m4 = mul i64 %a4, 10000
  %s1 = add i64 %a0, %m1
  %s2 = add i64 %s1, %m2
  %s3 = add i64 %s2, %m3
  %s4 = add i64 %s3, %m4
  ret i64 %s4
})";
constexpr const char* kTail = R"(
declare hidden i64 @weigh(ptr, i64, i64, i64, i64, i64)
define hidden i64 @tail(ptr %c, i64 %a, i64 %b) #3 !dbg !7 {
  %x = call i64 @add(ptr %c, i64 %a, i64 %b), !dbg !16
  %t = call i64 @weigh(ptr %c, i64 %x, i64 %a, i64 %b, i64 4, i64 5) #10, !dbg !17
  ret i64 %t
})";

// A loop of tail calls: it ends only when none of them leaves a frame behind.
constexpr const char* kTailLoop = R"(
define hidden i64 @even(ptr %c, i64 %left, i64 %sum) #8 {
  %z = icmp eq i64 %left, 0
  br i1 %z, label %done, label %more
done:
  ret i64 %sum
more:
  %l = sub i64 %left, 1
  %s = add i64 %sum, 3
  %t = call i64 @odd(ptr %c, i64 %l, i64 %s, i64 9) #10
  ret i64 %t
}
define hidden i64 @odd(ptr %c, i64 %left, i64 %sum, i64 %extra) #9 {
  %l = sub i64 %left, 1
  %s = call i64 @add(ptr %c, i64 %sum, i64 %extra)
  %t = call i64 @even(ptr %c, i64 %l, i64 %s) #10
  ret i64 %t
})";

// A load, a call, an inlined store, and a trap before anything needs a frame.
constexpr const char* kPlaces = R"(
define hidden i64 @places(ptr %c, ptr %p, i64 %k) #4 !dbg !5 {
  %z = icmp eq i64 %k, 0
  br i1 %z, label %bad, label %good
bad:
  call void @llvm.ubsantrap(i8 7), !dbg !12
  unreachable
good:
  %v = load volatile i64, ptr %p, !dbg !11
  %r = call i64 @add(ptr %c, i64 %v, i64 %k), !dbg !12
  %s = call i64 @add(ptr %c, i64 %r, i64 %k), !dbg !12
  %t = add i64 %r, %s
  store volatile i64 %t, ptr %p, !dbg !13
  ret i64 %t
})";

constexpr const char* kSwitch = R"(
define hidden i64 @choose(ptr %c, i64 %a, i64 %b) #5 {
  switch i64 %a, label %other [ i64 0, label %b0
                                i64 1, label %b1
                                i64 2, label %b2
                                i64 3, label %b3
                                i64 4, label %b4 ]
b0:
  %r0 = call i64 @add(ptr %c, i64 %b, i64 10)
  ret i64 %r0
b1:
  %r1 = call i64 @add(ptr %c, i64 %a, i64 20)
  ret i64 %r1
b2:
  %r2 = mul i64 %b, %b
  ret i64 %r2
b3:
  %r3 = udiv i64 %b, 7
  ret i64 %r3
b4:
  %f = sitofp i64 %b to double
  %g = fmul double %f, 2.5
  %r4 = fptosi double %g to i64
  ret i64 %r4
other:
  ret i64 -1
})";

constexpr const char* kCatch = R"(
define hidden i64 @through(ptr %c, ptr %f, i64 %a) #6 {
  %k = load volatile i64, ptr %f
  %b = mul i64 %a, 3
  %d = mul i64 %a, 5
  %e = mul i64 %a, 7
  %x = call i64 %f(ptr %c, i64 %a, i64 %b, i64 %d, i64 4, i64 5)
  %y = call i64 %f(ptr %c, i64 %x, i64 %b, i64 %d, i64 %e, i64 %k)
  %s = add i64 %y, %e
  ret i64 %s
}
define hidden i64 @catches(ptr %c, ptr %f, i64 %a) #7 personality ptr @ashlar_personality {
  %b = mul i64 %a, 11
  %d = mul i64 %a, 13
  %e = mul i64 %a, 17
  %g = mul i64 %a, 19
  %h = mul i64 %a, 23
  %x = invoke i64 @through(ptr %c, ptr %f, i64 %a) to label %fine unwind label %pad
fine:
  ret i64 %x
pad:
  %exn = landingpad { ptr, i32 } catch ptr null
  %exnp = extractvalue { ptr, i32 } %exn, 0
  %exni = ptrtoint ptr %exnp to i64
  %n = call i64 @add(ptr %c, i64 %exni, i64 %b)
  %s1 = mul i64 %n, %d
  %s2 = add i64 %s1, %e
  %s3 = mul i64 %s2, %g
  %s4 = add i64 %s3, %h
  ret i64 %s4
})";

TEST(Emit, places) {
  for (OptLevel level : {OptLevel::O0, OptLevel::O2}) {
    for (const char* arch : {"x86_64", "aarch64"}) {
      auto parts = build({std::string(kAdd) + kPlaces}, options_for(level, arch));
      ASSERT_TRUE(parts) << parts.error().render();
      std::map<std::string, int> found;
      for (const native::Place& place : places_of(*parts, 4)) {
        std::string text = std::to_string(place.wasm);
        for (uint32_t wasm : place.inlined_at) text += "@" + std::to_string(wasm);
        if (place.call) text += " call";
        ++found[text];
      }
      const std::map<std::string, int> expected = {{"101", 1}, {"102", 1}, {"102 call", 2}, {"103@104@105", 1}};
      EXPECT_EQ(found, expected) << arch;
    }
  }
}

TEST(Emit, a_trap_before_the_prologue_is_frameless) {
  auto parts = build({std::string(kAdd) + kPlaces}, options_for(OptLevel::O2, "x86_64"));
  ASSERT_TRUE(parts);
  int frameless = 0;
  for (const native::Place& place : places_of(*parts, 4)) {
    constexpr uint8_t kUd1[] = {0x67, 0x0f, 0xb9};
    const bool is_trap = std::memcmp(&parts->code[place.at], kUd1, sizeof kUd1) == 0;
    EXPECT_EQ(place.frameless, is_trap);
    frameless += place.frameless ? 1 : 0;
  }
  EXPECT_EQ(frameless, 1);
}

// What a frame of aarch64 holds, and in which words: an odd number leaves one free.
TEST(Emit, aarch64_frames_say_which_registers_lie_where) {
  const auto saving = [](const char* registers) {
    return std::string("define hidden void @f(ptr %c) #1 {\n  call void asm sideeffect \"nop\", \"") + registers +
           "\"()\n  ret void\n}";
  };
  const auto masks = [&](const char* registers) {
    auto parts = build({saving(registers)}, options_for(OptLevel::O2, "aarch64"));
    EXPECT_TRUE(parts) << parts.error().render();
    const native::FrameRow& frame = frame_of(*parts, 1);
    return std::array{frame.saved_aarch64.registers, frame.saved_aarch64.slots, frame.stack_size};
  };
  constexpr uint32_t kX30 = 1 << 10;
  constexpr uint32_t kX29 = 1 << 11;
  constexpr uint32_t kD8 = 1 << 12;
  EXPECT_EQ(masks("~{x9}"), (std::array{0u, 0u, 0u}));
  EXPECT_EQ(masks("~{x19},~{x21},~{lr},~{d9}"), (std::array{1u | 4u | kX30 | kD8 << 1, 15u, 32u}));
  EXPECT_EQ(masks("~{x19},~{x20},~{fp},~{lr},~{d8}"), (std::array{3u | kX30 | kX29 | kD8, 15u | 32u, 48u}));
  EXPECT_EQ(masks("~{d15}"), (std::array{kD8 << 7, 2u, 16u}));
}

// What a callee returns to is a call, whatever the code generator would like; what is marked is a jump.
TEST(Emit, only_marked_calls_are_jumps) {
  for (OptLevel level : {OptLevel::O0, OptLevel::O2}) {
    auto parts = build({std::string(kAdd) + kTail, kWeigh}, options_for(level, "x86_64"));
    ASSERT_TRUE(parts) << parts.error().render();
    std::vector<uint32_t> returns;
    for (const native::Place& place : places_of(*parts, 3)) {
      if (place.call) returns.push_back(place.wasm);
    }
    EXPECT_EQ(returns, std::vector<uint32_t>{106});
    EXPECT_EQ(frame_of(*parts, 1).stack_size, 0u);
  }
}

TEST(Emit, what_is_missing_is_named) {
  auto parts = build({std::string(kAdd) + kTail}, options_for(OptLevel::O2));
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message(), "the compiler failed: linking: 'weigh' is undefined");
  parts = build({kAdd, kAdd}, options_for(OptLevel::O2));
  ASSERT_FALSE(parts);
  parts = build({"define void @f(i64 %n) {\n  %p = alloca i8, i64 %n\n  store volatile i8 0, ptr %p\n  ret void\n}"},
                options_for(OptLevel::O2));
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message(), "the compiler failed: f: its frame has no fixed size");
}

TEST(Emit, is_deterministic) {
  const std::vector<std::string> modules = {std::string(kAdd) + kTail + kPlaces, kWeigh};
  auto a = build(modules, options_for(OptLevel::O2));
  auto b = build(modules, options_for(OptLevel::O2));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(native::write_image(*a), native::write_image(*b));
}

TEST(Target, names) {
  CompileOptions options;
  options.cpu = "no-such-processor";
  EXPECT_EQ(make_target(options).error().code(), ErrorCode::unsupported_target);
  options.cpu = "";
  options.arch = "pdp11";
  EXPECT_EQ(make_target(options).error().code(), ErrorCode::unsupported_target);
  auto target = make_target(options_for(OptLevel::O2, "x86_64"));
  ASSERT_TRUE(target);
  EXPECT_EQ(image_target(**target).features, "+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2");
  options.arch = "x86_64";
  options.cpu = "x86-64-v3";
  target = make_target(options);
  ASSERT_TRUE(target);
  EXPECT_NE(image_target(**target).features.find("+avx2"), std::string::npos);
  EXPECT_EQ(image_target(**target).features.find("avx512"), std::string::npos);
}

#if defined(__x86_64__)

// Calls compiled code: context null, two arguments.
int64_t call(const void* entry, uint64_t a, uint64_t b) {
  int64_t result;
  __asm__ volatile("movq %%rsp, %%rbx\n\tandq $-16, %%rsp\n\tcallq *%[entry]\n\tmovq %%rbx, %%rsp"
                   : "=a"(result), "+S"(a), "+d"(b)
                   : [entry] "a"(entry), "D"(0)
                   : "rbx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3");
  return result;
}

TEST(Emit, runs) {
  for (OptLevel level : {OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3}) {
    auto parts = build({std::string(kDeclareAdd) + kTail + kPlaces, std::string(kAdd) + kWeigh,
                        std::string(kDeclareAdd) + kSwitch + kTailLoop},
                       options_for(level));
    ASSERT_TRUE(parts) << parts.error().render();
    const std::shared_ptr<native::Image> image = load(*parts);
    ASSERT_NE(image, nullptr);
    EXPECT_EQ(call(image->entry(0), 3, 4), 7);
    EXPECT_EQ(call(image->entry(2), 1, 2), 54213);
    EXPECT_EQ(call(image->entry(7), 2'000'000, 5), 12'000'005);
    int64_t word = 5;
    EXPECT_EQ(call(image->entry(3), reinterpret_cast<uint64_t>(&word), 2), 16);
    EXPECT_EQ(word, 16);
    const int64_t chosen[] = {31, 21, 441, 3, 52, -1};
    for (uint64_t i = 0; i < 6; ++i) EXPECT_EQ(call(image->entry(4), i, 21), chosen[i]);
  }
}

// The stand-in for an unwinder: where to go on, and with which registers.
struct Context {
  const void* pad;
  const uint8_t* sp;
  uint64_t saved[6];
};

const native::Image* unwound_image;

extern "C" [[gnu::used]] void ashlar_test_unwind(const uint8_t* sp, const void* pc, Context* context) {
  for (;;) {
    const native::FrameRow* frame = unwound_image->find_frame(pc, true);
    ASSERT_NE(frame, nullptr);
    context->pad = unwound_image->find_pad(*frame, pc);
    if (context->pad != nullptr) {
      context->sp = sp;
      return;
    }
    const uint8_t* cfa = sp + frame->stack_size + 8;
    for (int i = 0; i < 6; ++i) {
      if (frame->saved[i] != 0) std::memcpy(&context->saved[i], cfa + frame->saved[i], 8);
    }
    std::memcpy(&pc, cfa - 8, 8);
    sp = cfa;
  }
}

// Called by compiled code in place of a function: throws exception 1000.
extern "C" void ashlar_test_throw();
__asm__(R"(
  .globl ashlar_test_throw
ashlar_test_throw:
  leaq 8(%rsp), %rdi
  movq (%rsp), %rsi
  subq $72, %rsp
  andq $-16, %rsp
  movq %rbx, 16(%rsp)
  movq %r12, 24(%rsp)
  movq %r13, 32(%rsp)
  movq %r14, 40(%rsp)
  movq %r15, 48(%rsp)
  movq %rbp, 56(%rsp)
  movq %rsp, %rdx
  callq ashlar_test_unwind
  movq (%rsp), %rcx
  movq 16(%rsp), %rbx
  movq 24(%rsp), %r12
  movq 32(%rsp), %r13
  movq 40(%rsp), %r14
  movq 48(%rsp), %r15
  movq 56(%rsp), %rbp
  movq 8(%rsp), %rsp
  movl $1000, %eax
  jmpq *%rcx
)");

TEST(Emit, landing_pads_find_their_frame) {
  for (OptLevel level : {OptLevel::O0, OptLevel::O1, OptLevel::O2}) {
    auto parts = build({std::string(kDeclareAdd) + kCatch, kAdd}, options_for(level));
    ASSERT_TRUE(parts) << parts.error().render();
    const std::shared_ptr<native::Image> image = load(*parts);
    ASSERT_NE(image, nullptr);
    unwound_image = image.get();
    const int64_t result = call(image->entry(6), reinterpret_cast<uint64_t>(&ashlar_test_throw), 2);
    EXPECT_EQ(result, ((1000 + 2 * 11) * (2 * 13) + 2 * 17) * (2 * 19) + 2 * 23);
  }
}

#endif

}  // namespace
}  // namespace ashlar::optimizing
