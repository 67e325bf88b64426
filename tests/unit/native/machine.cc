// The functions, their frames and places.
#include "native/machine.h"

#if defined(__x86_64__)

#include "native/abi.h"

// Context: mem0_base 0, funcs 40, libcalls 112, results 120. Cell: native 40, native_ctx 48.
asm(R"(
.pushsection .rodata
.p2align 4
machine_begin:
machine_integers:
  movq 120(%rdi), %rax
  movl %edx, %edx
  leaq (%rsi,%rdx,2), %r10
  leaq (%rcx,%rcx,2), %rcx
  addq %rcx, %r10
  leaq (%r10,%r8,4), %r10
  leaq (%r9,%r9,4), %r9
  addq %r9, %r10
  imulq $6, 40(%rax), %r9
  addq %r9, %r10
  movl 48(%rax), %eax
  imulq $7, %rax, %rax
  addq %r10, %rax
  retq
machine_floats:
  movq 120(%rdi), %rax
  movups 72(%rax), %xmm0
  movss 64(%rax), %xmm1
  movss %xmm1, %xmm0
  retq
machine_pair:
  movq 120(%rdi), %rax
  movl %esi, 0(%rax)
  incq %rsi
  movq %rsi, 8(%rax)
  retq
machine_call_out:
  pushq %rbp
  pushq %rbx
  pushq %r12
  movl $0x1234, %r12d
  movl $1, %ebx
  movl $2, %ebp
  movq 40(%rdi), %rax
  movq (%rax), %rax
  movq %rdi, %r10
  movq 48(%rax), %rdi
  callq *40(%rax)
machine_call_out_returns:
  addq %r12, %rax
  popq %r12
  popq %rbx
  popq %rbp
  retq
machine_catch:
  pushq %rbp
  pushq %rbx
  subq $24, %rsp
  movl $100, %ebp
  movl $200, %ebx
machine_catch_call:
  callq machine_call_out
machine_catch_returns:
  addq %rbp, %rax
  addq %rbx, %rax
  addq $24, %rsp
  popq %rbx
  popq %rbp
  retq
machine_catch_pad:
  addq $1000000, %rax
  jmp machine_catch_returns
machine_trap:
  subq $8, %rsp
machine_trap_at:
  ud1l 2(%eax), %eax
machine_load:
  movq 0(%rdi), %rax
  movl %esi, %esi
machine_load_at:
  movl (%rax,%rsi), %eax
  retq
machine_recurse:
  pushq %rbx
  subq $16, %rsp
  testq %rsi, %rsi
  je machine_recurse_end
  decq %rsi
machine_recurse_call:
  callq machine_recurse
machine_recurse_returns:
  addq $16, %rsp
  popq %rbx
  retq
machine_recurse_end:
  ud1l 1(%eax), %eax
machine_helper:
  subq $8, %rsp
  movq 112(%rdi), %rax
  movq (%rax,%rsi,8), %rax
  movq %rdx, %rsi
  callq *%rax
machine_helper_returns:
  addq $8, %rsp
  retq
machine_deep_helper:
  pushq %rbx
  movq %rdi, %rbx
  movq 112(%rdi), %rax
  callq *56(%rax)
machine_deep_helper_checked:
  movq %rbx, %rdi
  callq machine_deep_helper
machine_deep_helper_returns:
  popq %rbx
  retq
machine_forward:
  pushq %rbx
  movq 40(%rdi), %rax
  movq 8(%rax), %rax
  movq %rdi, %r10
  movq 48(%rax), %rdi
  callq *40(%rax)
machine_forward_returns:
  popq %rbx
  retq
machine_spin:
  movq 0(%rdi), %rax
  xorl %ecx, %ecx
machine_spin_loop:
  incq %rcx
machine_spin_at:
  movq %rcx, 8(%rax)
  jmp machine_spin_loop
machine_tree:
  cmpq $2, %rsi
  jb machine_tree_leaf
  pushq %rbp
  pushq %rbx
  pushq %r12
  movq %rdi, %rbx
  movq %rsi, %rbp
  movq 0(%rdi), %rax
machine_tree_entered:
  incq (%rax)
  decq %rsi
  callq machine_tree
machine_tree_returns:
  movq %rax, %r12
  leaq -2(%rbp), %rsi
  movq %rbx, %rdi
  callq machine_tree
machine_tree_returns_again:
  addq %r12, %rax
  movq 0(%rbx), %rcx
machine_tree_leaves:
  decq (%rcx)
  popq %r12
  popq %rbx
  popq %rbp
  retq
machine_tree_leaf:
  movq %rsi, %rax
  retq
machine_helper_loop:
  pushq %rbx
  movq %rdi, %rbx
machine_helper_loop_again:
  movq %rbx, %rdi
  xorl %esi, %esi
  xorl %edx, %edx
  movq 112(%rbx), %rax
  callq *80(%rax)
machine_helper_loop_returns:
  jmp machine_helper_loop_again
machine_host_loop:
  pushq %rbx
  movq %rdi, %rbx
machine_host_loop_again:
  movq 40(%rbx), %rax
  movq (%rax), %rax
  movq %rbx, %r10
  movl $7, %esi
  movq 48(%rax), %rdi
  callq *40(%rax)
machine_host_loop_returns:
  jmp machine_host_loop_again
machine_end:
.popsection
)");

#define LABEL(name) extern "C" const uint8_t machine_##name[];
LABEL(begin)
LABEL(end)
LABEL(integers)
LABEL(floats)
LABEL(pair)
LABEL(call_out)
LABEL(call_out_returns)
LABEL(catch)
LABEL(catch_call)
LABEL(catch_returns)
LABEL(catch_pad)
LABEL(trap)
LABEL(trap_at)
LABEL(load)
LABEL(load_at)
LABEL(recurse)
LABEL(recurse_returns)
LABEL(recurse_end)
LABEL(helper)
LABEL(helper_returns)
LABEL(deep_helper)
LABEL(deep_helper_checked)
LABEL(deep_helper_returns)
LABEL(forward)
LABEL(forward_returns)
LABEL(spin)
LABEL(spin_at)
LABEL(tree)
LABEL(tree_entered)
LABEL(tree_returns)
LABEL(tree_returns_again)
LABEL(tree_leaves)
LABEL(helper_loop)
LABEL(helper_loop_returns)
LABEL(host_loop)
LABEL(host_loop_returns)
#undef LABEL

namespace ashlar::native::machine {

namespace {

using isa::ValType;

uint32_t offset(const uint8_t* label) { return static_cast<uint32_t>(label - machine_begin); }

/// Bodies lie at 1000 * index in the made-up module.
uint32_t wasm(Func f, uint32_t at) { return 1000 * f + at; }

/// rbx and r12, and rbp.
void set_saved(FrameRow& row, int16_t rbx, int16_t r12, int16_t rbp) {
  row.saved[0] = rbx;
  row.saved[1] = r12;
  row.saved[5] = rbp;
}

void add(ImageParts& parts, Func f, const uint8_t* begin, const uint8_t* end, uint32_t stack_size,
         std::vector<Place> places, std::vector<PadRow> pads = {}) {
  FrameRow row{};
  row.begin = offset(begin);
  row.end = offset(end);
  row.func = f;
  row.stack_size = stack_size;
  parts.entries.push_back(row.begin + 1);
  parts.frames.push_back(row);
  parts.places.push_back(std::move(places));
  parts.pads.push_back(std::move(pads));
}

void add_loops(ImageParts& parts) {
  add(parts, kSpin, machine_spin, machine_tree, 0,
      {{.at = offset(machine_spin_at), .wasm = wasm(kSpin, 2), .inlined_at = {}, .call = false, .frameless = true}});
  add(parts, kTree, machine_tree, machine_helper_loop, 24,
      {{.at = offset(machine_tree_entered), .wasm = wasm(kTree, 2), .inlined_at = {}},
       {.at = offset(machine_tree_returns), .wasm = wasm(kTree, 3), .inlined_at = {}, .call = true},
       {.at = offset(machine_tree_returns_again), .wasm = wasm(kTree, 4), .inlined_at = {}, .call = true},
       {.at = offset(machine_tree_leaves), .wasm = wasm(kTree, 5), .inlined_at = {}}});
  set_saved(parts.frames.back(), -24, -32, -16);
  add(parts, kHelperLoop, machine_helper_loop, machine_host_loop, 8,
      {{.at = offset(machine_helper_loop_returns), .wasm = wasm(kHelperLoop, 2), .inlined_at = {}, .call = true}});
  set_saved(parts.frames.back(), -16, 0, 0);
  add(parts, kHostLoop, machine_host_loop, machine_end, 8,
      {{.at = offset(machine_host_loop_returns), .wasm = wasm(kHostLoop, 2), .inlined_at = {}, .call = true}});
  set_saved(parts.frames.back(), -16, 0, 0);
}

ImageParts make_parts(std::span<const uint8_t> module) {
  ImageParts parts;
  parts.wasm = module;
  parts.code.assign(machine_begin, machine_end);
  parts.text_size = static_cast<uint32_t>(parts.code.size());
  add(parts, kIntegers, machine_integers, machine_floats, 0, {});
  add(parts, kFloats, machine_floats, machine_pair, 0, {});
  add(parts, kPair, machine_pair, machine_call_out, 0, {});
  add(parts, kCallOut, machine_call_out, machine_catch, 24,
      {{.at = offset(machine_call_out_returns), .wasm = wasm(kCallOut, 7), .inlined_at = {}, .call = true}});
  set_saved(parts.frames.back(), -24, -32, -16);
  add(parts, kCatch, machine_catch, machine_trap, 40,
      {{.at = offset(machine_catch_returns), .wasm = wasm(kCatch, 8), .inlined_at = {}, .call = true}},
      {{offset(machine_catch_call), offset(machine_catch_returns), offset(machine_catch_pad)}});
  set_saved(parts.frames.back(), -24, 0, -16);
  // The trap stands for one in kIntegers, inlined through kFloats.
  add(parts, kTrap, machine_trap, machine_load, 8,
      {{.at = offset(machine_trap_at), .wasm = wasm(kIntegers, 5), .inlined_at = {wasm(kFloats, 6), wasm(kTrap, 7)}}});
  add(parts, kLoad, machine_load, machine_recurse, 16,
      {{.at = offset(machine_load_at), .wasm = wasm(kLoad, 3), .inlined_at = {}, .call = false, .frameless = true}});
  add(parts, kRecurse, machine_recurse, machine_helper, 24,
      {{.at = offset(machine_recurse_returns), .wasm = wasm(kRecurse, 4), .inlined_at = {}, .call = true},
       {.at = offset(machine_recurse_end), .wasm = wasm(kRecurse, 9), .inlined_at = {}}});
  set_saved(parts.frames.back(), -16, 0, 0);
  add(parts, kHelper, machine_helper, machine_deep_helper, 8,
      {{.at = offset(machine_helper_returns), .wasm = wasm(kHelper, 2), .inlined_at = {}, .call = true}});
  add(parts, kDeepHelper, machine_deep_helper, machine_forward, 8,
      {{.at = offset(machine_deep_helper_checked), .wasm = wasm(kDeepHelper, 1), .inlined_at = {}, .call = true},
       {.at = offset(machine_deep_helper_returns), .wasm = wasm(kDeepHelper, 2), .inlined_at = {}, .call = true}});
  set_saved(parts.frames.back(), -16, 0, 0);
  add(parts, kForward, machine_forward, machine_spin, 8,
      {{.at = offset(machine_forward_returns), .wasm = wasm(kForward, 1), .inlined_at = {}, .call = true}});
  set_saved(parts.frames.back(), -16, 0, 0);
  add_loops(parts);
  return parts;
}

const Image* g_image = nullptr;

struct MachineModule final : runtime::TierModule {
  const void* entry(module::FuncIdx) override { return this; }
  const void* native_entry(module::FuncIdx f) override { return g_image->entry(f - kIntegers); }
  const uint8_t* native_image() override { return g_image->code(); }
};

runtime::Tier tier() {
  runtime::Tier t = runtime::fake::tier();
  t.host_stub = host_stub();
  t.make_module = [](const module::Module&, const runtime::Config&) -> std::unique_ptr<runtime::TierModule> {
    return std::make_unique<MachineModule>();
  };
  t.init_process = &interp::install_fault_handler;
  t.bridge = bridge();
  t.libcalls = libcall_table();
  return t;
}

const char* const kNames[kCount] = {"import",  "wide", "integers", "floats",      "pair",     "call_out",
                                    "catch",   "trap", "load",     "recurse",     "helper",   "deep_helper",
                                    "forward", "spin", "tree",     "helper_loop", "host_loop"};

std::unique_ptr<module::Module> make_module() {
  runtime::fake::Builder b;
  const ValType i32 = ValType::i32(), i64 = ValType::i64(), f32 = ValType::f32(), f64 = ValType::f64();
  const std::vector<std::pair<std::vector<ValType>, std::vector<ValType>>> types = {
      {{i64}, {i64}},
      {wide_type(), wide_type()},
      {{i64, i32, i64, i64, i64, i64, i32}, {i64}},
      {{f64, f64, f64, f64, f64, f64, f64, f64, f32, ValType::v128()}, {ValType::v128()}},
      {{i64}, {i32, i64}},
      {{i64}, {i64}},
      {{i64}, {i64}},
      {{i64}, {}},
      {{i32}, {i32}},
      {{i64}, {}},
      {{i64, i64}, {i64}},
      {{i64}, {}},
      {wide_type(), wide_type()},
      {{i64}, {}},
      {{i64}, {i64}},
      {{i64}, {}},
      {{i64}, {}},
  };
  for (uint32_t f = 0; f < kCount; ++f) {
    b.func(b.func_type(types[f].first, types[f].second));
    b.m->funcs.edit(f).body_offset = 1000 * f;
    b.m->funcs.edit(f).body_size = 100;
    b.m->names.funcs[f] = kNames[f];
  }
  b.m->funcs.edit(kImport).imported = b.m->funcs.edit(kWideImport).imported = 1;
  b.m->imported_funcs = 2;
  b.m->names.module = "m";
  b.import("host", "import", module::ExternKind::Func, kImport);
  b.import("host", "wide", module::ExternKind::Func, kWideImport);
  b.memory(1, 1);
  return std::move(b.m);
}

}  // namespace

std::vector<ValType> wide_type() {
  const ValType i32 = ValType::i32(), i64 = ValType::i64(), f32 = ValType::f32(), v128 = ValType::v128();
  return {f32, i32, v128, i64, i64, v128, i64, i64, i32, v128};
}

Machine::Machine(const runtime::Config& config) : engine_(std::make_shared<runtime::Engine>(config, tier())) {
  const uint8_t bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  auto image = Image::load(write_image(make_parts(bytes)), Image::Trust::Verify);
  CHECK(image.has_value());
  image_ = std::move(*image);
  g_image = image_.get();
  runtime::fake::Builder b;
  b.m = make_module();
  compiled_ = b.compile(engine_);
  attach(*image_, compiled_->module());
}

Machine::~Machine() { detach(*image_); }

runtime::Instance* Machine::instantiate(runtime::Store& store, runtime::FuncCell* import,
                                        runtime::FuncCell* wide_import) {
  const runtime::Extern imports[] = {runtime::Extern::of(import), runtime::Extern::of(wide_import)};
  auto instance = store.instantiate(compiled_, imports);
  CHECK(instance.has_value());
  return *instance;
}

Status Machine::call(runtime::Instance& instance, Func f, runtime::Slot* slots) {
  const runtime::FuncCell* cell = instance.func_cell(f);
  return native::call(instance.store(), *cell, cell->native, slots);
}

}  // namespace ashlar::native::machine

#endif
