// Walking the guest stack: backtraces and the search for exception handlers.
#include "interp/activation.h"
#include "interp/module_code.h"

namespace ashlar::interp {

namespace {

/// Steps from frame to frame, innermost first. The header slot of each frame holds the return address; the word before
/// it begins with the distance to the caller's frame.
class FrameWalk {
 public:
  FrameWalk(const Activation& a, const Code* ip, Slot* fp, InstanceContext* ctx)
      : cross_(a.cross.size()), activation_(a) {
    frame_.ip = ip;
    frame_.fp = fp;
    frame_.ctx = ctx;
    // A host function that was tail-called from another instance returns through the landmark.
    if (ip + 1 == restore_code()) {
      return_to(restore_code());
    } else {
      find();
    }
  }
  /// False when the entry of the activation has been reached.
  bool valid() const { return frame_.func != nullptr; }
  const Frame& frame() const { return frame_; }
  bool next() { return return_to(reinterpret_cast<const Code*>(frame_.fp[frame_.func->header])); }
  /// How many changes of instance lie outside the current frame.
  size_t cross_left() const { return cross_; }

 private:
  bool return_to(const Code* back) {
    if (back == restore_code()) {
      const CrossFrame& c = activation_.cross[--cross_];
      back = c.return_ip;
      frame_.ctx = c.ctx;
    }
    if (back == exit_code()) {
      frame_.func = nullptr;
      return false;
    }
    frame_.fp -= read<uint16_t>(back - 8);
    frame_.ip = back - 1;  // inside the call
    find();
    return valid();
  }
  void find() {
    CodeOwner owner = find_code(frame_.ip);
    frame_.func = owner.func;
    frame_.module = owner.module;
  }
  Frame frame_{};
  size_t cross_;
  const Activation& activation_;
};

bool write_payload(Activation& a, const CatchEntry& e, Slot* fp, InstanceContext* ctx, runtime::GcRef exn) {
  runtime::GcHeap& heap = a.store->heap();
  if (e.kind == CatchEntry::Kind::Tag) {
    if (heap.exn_tag(exn) != ctx->tags[e.tag]) return false;
    uint32_t n = heap.header(exn)->length;
    const Slot* payload = heap.exn_payload(exn);
    for (uint32_t i = 0; i < n; ++i) fp[e.payload_slot + i] = payload[i];
  }
  if (e.with_ref) fp[e.ref_slot] = exn;
  return true;
}

void tell(const void* at, runtime::Backtrace& out) {
  if (out.full()) return out.skip(1);
  const auto* ip = static_cast<const Code*>(at);
  const CodeOwner owner = find_code(ip);
  out.add(owner.module->module(), owner.func->index, owner.module->wasm_offset(*owner.func, ip));
}

}  // namespace

Landing unwind(Activation& a, const Code* ip, Slot* fp, InstanceContext* ctx, runtime::GcRef exn) {
  FrameWalk walk(a, ip, fp, ctx);
  for (; walk.valid(); walk.next()) {
    const Frame& f = walk.frame();
    uint32_t at = static_cast<uint32_t>(f.ip - f.func->begin());
    uint32_t limit = ~uint32_t{0};
    for (const HandlerRange& r : f.func->handlers) {
      if (at < r.begin || at >= r.end || r.depth > limit) continue;
      if (r.delegate_depth != HandlerRange::kNoDelegate) {
        limit = r.delegate_depth;
        continue;
      }
      for (const CatchEntry& e : r.catches) {
        if (!write_payload(a, e, f.fp, f.ctx, exn)) continue;
        a.cross.resize(walk.cross_left());
        a.error = {};
        a.store->left_frames.clear();
        return {f.func->begin() + e.target, f.fp, f.ctx};
      }
    }
  }
  a.has_error = !a.error.has_value();
  return {};
}

runtime::Backtrace backtrace(Activation& a, const Code* ip, Slot* fp) {
  runtime::Backtrace out;
  for (FrameWalk walk(a, ip, fp, nullptr); walk.valid(); walk.next()) tell(walk.frame().ip, out);
  return out;
}

void leave_frames(Activation& a, const Code* ip, Slot* fp) {
  for (FrameWalk walk(a, ip, fp, nullptr); walk.valid(); walk.next()) a.store->left_frames.add(walk.frame().ip, &tell);
}

}  // namespace ashlar::interp
