// Handle tables; see handles.h.
#include "component/handles.h"

namespace ashlar::component {

Status LoanStack::end_call() {
  const Frame frame = frames_.back();
  if (frame.borrows != 0) {
    return make_error(ErrorCode::borrows_remain, kNoOffset, std::to_string(frame.borrows));
  }
  for (size_t i = frame.lent_begin; i < lent_.size(); ++i) --lent_[i].table->entries_[lent_[i].index].lends;
  lent_.resize(frame.lent_begin);
  frames_.pop_back();
  return {};
}

Result<uint32_t> HandleTable::add(const Entry& entry) {
  uint32_t at = first_free_;
  if (at != 0) {
    first_free_ = entries_[at].rep;
    entries_[at] = entry;
  } else {
    if (entries_.size() > kMaxLength) return make_error(ErrorCode::handle_table_full, kNoOffset);
    at = static_cast<uint32_t>(entries_.size());
    entries_.push_back(entry);
  }
  return at;
}

void HandleTable::free(uint32_t handle) {
  entries_[handle] = {.kind = Kind::Free, .rep = first_free_};
  first_free_ = handle;
}

Result<HandleTable::Entry*> HandleTable::find(ResourceId resource, uint32_t handle) {
  if (handle >= entries_.size() || entries_[handle].kind == Kind::Free) {
    return make_error(ErrorCode::handle_unknown, kNoOffset, std::to_string(handle));
  }
  if (entries_[handle].resource != resource) {
    return make_error(ErrorCode::handle_wrong_type, kNoOffset, std::to_string(handle));
  }
  return &entries_[handle];
}

Result<uint32_t> HandleTable::add_own(ResourceId resource, uint32_t rep) {
  return add({.kind = Kind::Own, .resource = resource, .rep = rep});
}

Result<uint32_t> HandleTable::add_borrow(ResourceId resource, uint32_t rep, LoanStack& loans) {
  TRY_ASSIGN(const uint32_t at,
             add({.kind = Kind::Borrow, .resource = resource, .rep = rep, .lends = 0, .frame = loans.innermost()}));
  ++loans.frames_.back().borrows;
  return at;
}

Result<uint32_t> HandleTable::take_own(ResourceId resource, uint32_t handle) {
  TRY_ASSIGN(Entry * e, find(resource, handle));
  if (e->lends != 0) return make_error(ErrorCode::handle_lent, kNoOffset, std::to_string(handle));
  if (e->kind != Kind::Own) return make_error(ErrorCode::handle_not_owned, kNoOffset, std::to_string(handle));
  const uint32_t rep = e->rep;
  free(handle);
  return rep;
}

Result<uint32_t> HandleTable::lend(ResourceId resource, uint32_t handle, LoanStack& loans) {
  TRY_ASSIGN(Entry * e, find(resource, handle));
  ++e->lends;
  loans.lent_.push_back({this, handle});
  return e->rep;
}

Result<uint32_t> HandleTable::rep(ResourceId resource, uint32_t handle) const {
  TRY_ASSIGN(const Entry* e, const_cast<HandleTable*>(this)->find(resource, handle));
  return e->rep;
}

Result<HandleTable::Dropped> HandleTable::drop(ResourceId resource, uint32_t handle, LoanStack& loans) {
  TRY_ASSIGN(Entry * e, find(resource, handle));
  if (e->lends != 0) return make_error(ErrorCode::handle_lent, kNoOffset, std::to_string(handle));
  const Dropped out{e->kind == Kind::Own, e->rep};
  if (e->kind == Kind::Borrow) --loans.frames_[e->frame].borrows;
  free(handle);
  return out;
}

std::vector<ResourceId> HandleTable::live() const {
  std::vector<ResourceId> out;
  for (const Entry& entry : entries_) {
    if (entry.kind != Kind::Free) out.push_back(entry.resource);
  }
  return out;
}

}  // namespace ashlar::component
