// Canonical definitions while planning, and the core signatures they have.
#include "component/planner.h"

namespace ashlar::component {

namespace {

using enum FlatType;

/// The flat types of all; false when there are more than `limit`.
bool flatten_all(const std::vector<Member>& members, std::vector<FlatType>& out, size_t limit) {
  for (const Member& m : members) {
    if (!flatten(*m.type, false, out, limit)) return false;
  }
  return true;
}

/// Of builtins whose signature does not depend on types.
void fixed_signature(PlanTrampoline& t) {
  switch (t.op) {
    case CanonOp::resource_new:
    case CanonOp::resource_rep:
    case CanonOp::subtask_cancel:
    case CanonOp::stream_cancel_read:
    case CanonOp::stream_cancel_write:
    case CanonOp::future_cancel_read:
    case CanonOp::future_cancel_write:
    case CanonOp::thread_suspend_then_resume:
    case CanonOp::thread_yield_then_resume:
    case CanonOp::thread_suspend_then_promote:
    case CanonOp::thread_yield_then_promote:
    case CanonOp::thread_spawn_ref:
      t.params = {I32};
      t.results = {I32};
      return;
    case CanonOp::resource_drop:
    case CanonOp::subtask_drop:
    case CanonOp::stream_drop_readable:
    case CanonOp::stream_drop_writable:
    case CanonOp::future_drop_readable:
    case CanonOp::future_drop_writable:
    case CanonOp::error_context_drop:
    case CanonOp::waitable_set_drop:
    case CanonOp::context_set:
    case CanonOp::thread_resume_later:
      t.params = {I32};
      return;
    case CanonOp::context_get:
    case CanonOp::thread_yield:
    case CanonOp::waitable_set_new:
    case CanonOp::thread_index:
    case CanonOp::thread_suspend:
    case CanonOp::thread_available_parallelism:
      t.results = {I32};
      return;
    case CanonOp::stream_new:
    case CanonOp::future_new:
      t.results = {I64};
      return;
    case CanonOp::stream_read:
    case CanonOp::stream_write:
    case CanonOp::thread_spawn_indirect:
      t.params = {I32, I32, I32};
      t.results = {I32};
      return;
    case CanonOp::future_read:
    case CanonOp::future_write:
    case CanonOp::error_context_new:
    case CanonOp::waitable_set_wait:
    case CanonOp::waitable_set_poll:
    case CanonOp::thread_new_indirect:
      t.params = {I32, I32};
      t.results = {I32};
      return;
    case CanonOp::error_context_debug_message:
    case CanonOp::waitable_join:
      t.params = {I32, I32};
      return;
    case CanonOp::lift:
    case CanonOp::lower:
    case CanonOp::task_cancel:
    case CanonOp::task_return:
    case CanonOp::backpressure_inc:
    case CanonOp::backpressure_dec:
      return;
  }
}

}  // namespace

void flatten_func(const FuncType& type, bool lift, bool async, std::vector<FlatType>& params,
                  std::vector<FlatType>& results) {
  const size_t most = async && !lift ? kMaxFlatAsyncParams : kMaxFlatParams;
  if (!flatten_all(type.params, params, most)) params = {I32};
  const bool flat_result = type.result == nullptr || flatten(*type.result, false, results, kMaxFlatResults);
  if (async) {
    if (!lift && type.result != nullptr) params.push_back(I32);
    results = {I32};
    return;
  }
  if (flat_result) return;
  if (lift) {
    results = {I32};
  } else {
    params.push_back(I32);
    results.clear();
  }
}

PlanOptions Planner::options(const PlanScope& s, const CanonOpts& opts) {
  if (opts.realloc || opts.post_return) plan_.instances[s.instance].forbids_leaving = true;
  PlanOptions out;
  out.encoding = opts.encoding.value_or(StringEncoding::Utf8);
  out.async = opts.async;
  if (opts.memory) out.memory = s.core_memories[*opts.memory];
  if (opts.realloc) out.realloc = s.core_funcs[*opts.realloc];
  if (opts.post_return) out.post_return = s.core_funcs[*opts.post_return];
  if (opts.callback) out.callback = s.core_funcs[*opts.callback];
  return out;
}

void Planner::lift(PlanScope& s, const CanonDef& d) {
  PlanFunc made;
  made.type = *std::get<std::shared_ptr<const FuncType>>(s.types[d.type]);
  made.core = s.core_funcs[d.func];
  made.options = options(s, d.opts);
  made.instance = s.instance;
  s.funcs.push_back({static_cast<uint32_t>(plan_.funcs.size())});
  plan_.funcs.push_back(std::move(made));
}

Status Planner::define(PlanScope& s, const CanonDef& d) {
  if (d.op == CanonOp::lift) {
    lift(s, d);
    return {};
  }
  PlanTrampoline made;
  made.op = d.op;
  made.instance = s.instance;
  made.before = static_cast<uint32_t>(plan_.core_instances.size());
  made.options = options(s, d.opts);
  switch (d.op) {
    case CanonOp::lower:
      plan_.instances[s.instance].lowers = true;
      made.func = s.funcs[d.func].func;
      flatten_func(plan_.funcs[made.func].type, false, d.opts.async, made.params, made.results);
      break;
    case CanonOp::resource_new:
    case CanonOp::resource_drop:
    case CanonOp::resource_rep:
      made.resource = std::get<ResourceItem>(s.types[d.type]).id;
      fixed_signature(made);
      break;
    case CanonOp::task_return:
      if (const ValType* type = eval(s, d.result);
          type != nullptr && !flatten(*type, false, made.params, kMaxFlatParams)) {
        made.params = {I32};
      }
      break;
    default:
      made.slot = d.index;
      fixed_signature(made);
      break;
  }
  s.core_funcs.push_back({module::kNoIndex, static_cast<uint32_t>(plan_.trampolines.size()), {}});
  plan_.trampolines.push_back(std::move(made));
  return {};
}

}  // namespace ashlar::component
