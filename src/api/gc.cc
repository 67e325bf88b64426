// Structs and arrays: types, construction and checked access.
#include <algorithm>
#include <cstring>

#include "api/refs.h"

namespace ashlar {
inline namespace v0 {

using detail::Access;
using detail::StoreState;

namespace {

using runtime::FieldKind;
using runtime::GcRef;
using runtime::Slot;

/// As the text format has it: "(struct i32 (mut i64))".
std::string describe(const module::SubType& def) {
  if (def.kind == module::CompositeKind::Func) return "(func " + module::to_string(def.func) + ")";
  std::string out = def.kind == module::CompositeKind::Struct ? "(struct" : "(array";
  for (const isa::FieldType& field : def.fields) out += " " + isa::to_string(field);
  return out + ")";
}

FieldType to_public(const isa::FieldType& field) {
  uint8_t bits = 0;
  if (field.storage.packed == isa::Packed::I8) bits = 8;
  if (field.storage.packed == isa::Packed::I16) bits = 16;
  return {Access::type(field.storage.type), bits, field.mut};
}

std::vector<FieldType> to_public(const std::vector<isa::FieldType>& fields) {
  std::vector<FieldType> out;
  out.reserve(fields.size());
  for (const isa::FieldType& field : fields) out.push_back(to_public(field));
  return out;
}

/// An object that lives, as its store has it. The reference counts until something is allocated.
struct Object {
  StoreState* s = nullptr;
  GcRef r = runtime::kNullRef;

  explicit Object(const Value& value) : s(Access::store_of_ref(value)) {
    if (s != nullptr) r = static_cast<GcRef>(Access::value(value).lo);
  }
  explicit operator bool() const { return s != nullptr; }
  runtime::GcHeap& heap() const { return s->store.heap(); }
  uint32_t type_id() const { return heap().header(r)->type_id(); }
  uint32_t length() const { return heap().header(r)->length; }
  const module::SubType& type() const { return s->store.types().get(type_id()).def; }
  const runtime::GcLayout& layout() const { return heap().layout(type_id()); }
};

std::unexpected<Error> ended() { return std::unexpected(detail::foreign_ref()); }

template <class... Args>
std::unexpected<Error> refuse(ApiError error, const Args&... args) {
  return std::unexpected(Access::error(error, args...));
}

Status check_value(StoreState* s, const isa::FieldType& field, const Value& value) {
  if (Access::foreign(s, value)) return ended();
  if (Access::fits(s, field.storage.type, value)) return {};
  return refuse(ApiError::value_mismatch, value.type().to_string(), isa::to_string(field.storage.type));
}

Value load(const Object& object, const uint8_t* p, const isa::FieldType& field, FieldKind kind, bool sign_extend) {
  Slot slots[2] = {};
  runtime::load_gc_field(p, kind, slots);
  if (sign_extend && kind == FieldKind::I8) slots[0] = static_cast<uint32_t>(int32_t{static_cast<int8_t>(slots[0])});
  if (sign_extend && kind == FieldKind::I16) slots[0] = static_cast<uint32_t>(int32_t{static_cast<int16_t>(slots[0])});
  return Access::value(object.s, field.storage.type, slots[0], slots[1]);
}

void store(uint8_t* p, FieldKind kind, const Value& value) {
  const runtime::Value raw = Access::value(value);
  const Slot slots[2] = {raw.lo, raw.hi};
  runtime::store_gc_field(p, kind, slots);
}

/// Of a struct or array type that objects are to be made of: the store knows it and keeps its module from now on.
Status use_type(StoreState* s, const ObjectType& type, bool wants_struct) {
  const Module& module = Access::module(type);
  if (Access::compiled(module)->engine() != s->engine->engine) {
    return refuse(ApiError::foreign_store, std::string("the type"));
  }
  if (type.is_struct() != wants_struct) {
    return refuse(ApiError::wrong_object_type, type.to_string(), std::string(wants_struct ? "a struct" : "an array"));
  }
  constexpr isa::ValType kAny[] = {isa::ValType::anyref()};
  if (auto room = s->refs->admit(kAny); !room) return std::unexpected(Access::error(std::move(room).error()));
  s->modules.try_emplace(Access::compiled(module).get(), Access::state(module));
  if (s->store.heap().describe({Access::id(type)})) return {};
  return std::unexpected(Access::error(internal::Error(ErrorCode::gc_heap_exhausted)));
}

std::unexpected<Error> exhausted() {
  return std::unexpected(Access::error(internal::Error(ErrorCode::gc_heap_exhausted)));
}

Value object_value(StoreState* s, const ObjectType& type, GcRef r) {
  return Access::value(s, isa::ValType::ref(isa::HeapType::concrete(Access::id(type))), r, 0);
}

Result<Value> checked(Value value, module::CompositeKind kind, const char* wanted) {
  const Object object(value);
  const bool is_object = object && object.heap().matches(object.r, isa::ValType::ref(module::abs_of(kind)));
  if (is_object) return value;
  return refuse(ApiError::wrong_object_type, value.is_null() ? std::string("null") : value.type().to_string(),
                std::string(wanted));
}

bool is_number(FieldKind kind) {
  switch (kind) {
    case FieldKind::I8:
    case FieldKind::I16:
    case FieldKind::I32:
    case FieldKind::I64:
    case FieldKind::F32:
    case FieldKind::F64:
      return true;
    case FieldKind::V128:
    case FieldKind::Ref:
    case FieldKind::FuncRef:
      return false;
  }
  return false;
}

Status check_numbers(const isa::FieldType& element, FieldKind kind, size_t each) {
  if (is_number(kind) && runtime::field_size(kind) == each) return {};
  return refuse(ApiError::element_size, isa::to_string(element), std::to_string(each));
}

}  // namespace

std::string FieldType::to_string() const {
  const std::string what = packed_bits == 0 ? type.to_string() : "i" + std::to_string(packed_bits);
  return is_mutable ? "(mut " + what + ")" : what;
}

Result<ObjectType> Access::object_type(const Module& m, uint32_t id, const std::string& name) {
  if (compiled(m)->engine()->types()->get(id).def.kind == module::CompositeKind::Func) {
    return refuse(ApiError::no_object_type, name);
  }
  return ObjectType(m, id);
}

Result<ObjectType> ObjectType::of(const Module& module, ValueType reference) try {
  const isa::ValType type = Access::type(reference);
  const std::string name = reference.to_string();
  if (!reference.is_concrete()) return refuse(ApiError::no_object_type, name);
  if (Status read = Access::complete(module); !read) return std::unexpected(std::move(read).error());
  const std::vector<uint32_t>& known = Access::compiled(module)->module().canonical;
  if (std::ranges::find(known, type.heap().index()) == known.end()) return refuse(ApiError::no_object_type, name);
  return Access::object_type(module, type.heap().index(), name);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ObjectType> ObjectType::at(const Module& module, uint32_t index) try {
  if (Status read = Access::complete(module); !read) return std::unexpected(std::move(read).error());
  const std::vector<uint32_t>& known = Access::compiled(module)->module().canonical;
  if (index >= known.size()) return refuse(ApiError::no_object_type, std::to_string(index));
  return Access::object_type(module, known[index], std::to_string(index));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ObjectType> ObjectType::named(const Module& module, std::string_view name) try {
  if (Status read = Access::complete(module); !read) return std::unexpected(std::move(read).error());
  for (const auto& [index, known] : Access::compiled(module)->module().debug_names().types) {
    if (known == name) return at(module, index);
  }
  return refuse(ApiError::no_object_type, "$" + std::string(name));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

namespace {

const module::SubType& definition(const Module& module, uint32_t id) {
  return Access::compiled(module)->engine()->types()->get(id).def;
}

}  // namespace

bool ObjectType::is_struct() const { return definition(module_, id_).kind == module::CompositeKind::Struct; }
std::vector<FieldType> ObjectType::fields() const { return to_public(definition(module_, id_).fields); }
ValueType ObjectType::ref() const { return Access::type(isa::ValType::ref_null(isa::HeapType::concrete(id_))); }
std::string ObjectType::to_string() const { return describe(definition(module_, id_)); }

Result<StructRef> StructRef::make_in(StoreState* s, const ObjectType& type, std::span<const Value> fields) try {
  if (Status known = use_type(s, type, true); !known) return std::unexpected(std::move(known).error());
  const std::vector<isa::FieldType>& types = s->store.types().get(Access::id(type)).def.fields;
  if (fields.size() != types.size()) {
    return refuse(ApiError::field_count, std::to_string(types.size()), std::to_string(fields.size()));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (Status fits = check_value(s, types[i], fields[i]); !fits) return std::unexpected(std::move(fits).error());
  }
  runtime::GcHeap& heap = s->store.heap();
  const GcRef r = heap.alloc_struct(Access::id(type));
  if (r == runtime::kNullRef) return exhausted();
  // Nothing is allocated until the fields are written, so that nothing moves.
  const runtime::GcLayout& layout = heap.layout(Access::id(type));
  for (size_t i = 0; i < fields.size(); ++i) store(heap.at(r, layout.offsets[i]), layout.kinds[i], fields[i]);
  if (layout.size > runtime::GcHeap::kMostSmall) heap.wrote_all(r);
  return StructRef(object_value(s, type, r));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<StructRef> StructRef::from(Value value) try {
  Result<Value> found = checked(std::move(value), module::CompositeKind::Struct, "a struct");
  if (!found) return std::unexpected(std::move(found).error());
  return StructRef(std::move(*found));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

uint32_t StructRef::size() const {
  const Object object(value_);
  return object ? static_cast<uint32_t>(object.type().fields.size()) : 0;
}

std::vector<FieldType> StructRef::fields() const {
  const Object object(value_);
  return object ? to_public(object.type().fields) : std::vector<FieldType>();
}

Result<Value> StructRef::get(uint32_t field, bool sign_extend) const try {
  const Object object(value_);
  if (!object) return ended();
  const std::vector<isa::FieldType>& fields = object.type().fields;
  if (field >= fields.size()) {
    return refuse(ApiError::no_such_field, std::to_string(field), std::to_string(fields.size()));
  }
  const runtime::GcLayout& layout = object.layout();
  return load(object, object.heap().at(object.r, layout.offsets[field]), fields[field], layout.kinds[field],
              sign_extend);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status StructRef::set(uint32_t field, const Value& value) const try {
  const Object object(value_);
  if (!object) return ended();
  const std::vector<isa::FieldType>& fields = object.type().fields;
  if (field >= fields.size()) {
    return refuse(ApiError::no_such_field, std::to_string(field), std::to_string(fields.size()));
  }
  if (!fields[field].mut) return refuse(ApiError::immutable_field, std::to_string(field));
  if (Status fits = check_value(object.s, fields[field], value); !fits) return fits;
  const runtime::GcLayout& layout = object.layout();
  store(object.heap().at(object.r, layout.offsets[field]), layout.kinds[field], value);
  if (layout.kinds[field] == FieldKind::Ref) {
    object.heap().wrote(object.r, static_cast<GcRef>(Access::value(value).lo));
  }
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ArrayRef> ArrayRef::make_in(StoreState* s, const ObjectType& type, std::span<const Value> elements) try {
  if (Status known = use_type(s, type, false); !known) return std::unexpected(std::move(known).error());
  const isa::FieldType& element = s->store.types().get(Access::id(type)).def.fields[0];
  for (const Value& value : elements) {
    if (Status fits = check_value(s, element, value); !fits) return std::unexpected(std::move(fits).error());
  }
  if (elements.size() > ~uint32_t{0}) return exhausted();
  runtime::GcHeap& heap = s->store.heap();
  const auto size = static_cast<uint32_t>(elements.size());
  const GcRef r = heap.alloc_array(Access::id(type), size);
  if (r == runtime::kNullRef) return exhausted();
  const runtime::GcLayout& layout = heap.layout(Access::id(type));
  uint8_t* p = heap.elements(r);
  for (const Value& value : elements) {
    store(p, layout.kinds[0], value);
    p += layout.elem_size;
  }
  heap.wrote_elements(r, 0, size);
  return ArrayRef(object_value(s, type, r));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ArrayRef> ArrayRef::make_filled(StoreState* s, const ObjectType& type, uint32_t size, const Value& fill) try {
  if (Status known = use_type(s, type, false); !known) return std::unexpected(std::move(known).error());
  const isa::FieldType& element = s->store.types().get(Access::id(type)).def.fields[0];
  if (Status fits = check_value(s, element, fill); !fits) return std::unexpected(std::move(fits).error());
  runtime::GcHeap& heap = s->store.heap();
  const GcRef r = heap.alloc_array(Access::id(type), size);
  if (r == runtime::kNullRef) return exhausted();
  // The value itself may have moved: it is read behind the allocation.
  const runtime::Value raw = Access::value(fill);
  const Slot slots[2] = {raw.lo, raw.hi};
  const runtime::Trap trap = runtime::array_fill(s->store, Access::id(type), r, 0, slots, size);
  const Value held = object_value(s, type, r);
  if (trap == runtime::Trap::none) return ArrayRef(held);
  return std::unexpected(Access::error(runtime::to_status(s->store, trap).error().clone()));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ArrayRef> ArrayRef::make_numbers(StoreState* s, const ObjectType& type, std::span<const uint8_t> bytes,
                                        size_t each) try {
  if (Status known = use_type(s, type, false); !known) return std::unexpected(std::move(known).error());
  runtime::GcHeap& heap = s->store.heap();
  const runtime::GcLayout& layout = heap.layout(Access::id(type));
  const isa::FieldType& element = s->store.types().get(Access::id(type)).def.fields[0];
  if (Status fits = check_numbers(element, layout.kinds[0], each); !fits)
    return std::unexpected(std::move(fits).error());
  if (bytes.size() / each > ~uint32_t{0}) return exhausted();
  const GcRef r = heap.alloc_array(Access::id(type), static_cast<uint32_t>(bytes.size() / each));
  if (r == runtime::kNullRef) return exhausted();
  if (!bytes.empty()) std::memcpy(heap.elements(r), bytes.data(), bytes.size());
  return ArrayRef(object_value(s, type, r));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Result<ArrayRef> ArrayRef::from(Value value) try {
  Result<Value> found = checked(std::move(value), module::CompositeKind::Array, "an array");
  if (!found) return std::unexpected(std::move(found).error());
  return ArrayRef(std::move(*found));
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

uint32_t ArrayRef::size() const {
  const Object object(value_);
  return object ? object.length() : 0;
}

FieldType ArrayRef::element() const {
  const Object object(value_);
  return object ? to_public(object.type().fields[0]) : FieldType();
}

Result<Value> ArrayRef::get(uint32_t index, bool sign_extend) const try {
  const Object object(value_);
  if (!object) return ended();
  if (index >= object.length()) {
    return refuse(ApiError::no_such_element, std::to_string(index), std::to_string(object.length()));
  }
  const runtime::GcLayout& layout = object.layout();
  const uint8_t* p = object.heap().elements(object.r) + uint64_t{layout.elem_size} * index;
  return load(object, p, object.type().fields[0], layout.kinds[0], sign_extend);
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status ArrayRef::set(uint32_t index, const Value& value) const try {
  const Object object(value_);
  if (!object) return ended();
  if (index >= object.length()) {
    return refuse(ApiError::no_such_element, std::to_string(index), std::to_string(object.length()));
  }
  const isa::FieldType& element = object.type().fields[0];
  if (!element.mut) return refuse(ApiError::immutable_elements);
  if (Status fits = check_value(object.s, element, value); !fits) return fits;
  const runtime::GcLayout& layout = object.layout();
  store(object.heap().elements(object.r) + uint64_t{layout.elem_size} * index, layout.kinds[0], value);
  if (layout.kinds[0] == FieldKind::Ref) {
    object.heap().wrote_element(object.r, index, static_cast<GcRef>(Access::value(value).lo));
  }
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

Status ArrayRef::copy(uint32_t first, size_t each, std::span<uint8_t> bytes, bool write) const try {
  const Object object(value_);
  if (!object) return ended();
  const isa::FieldType& element = object.type().fields[0];
  if (Status fits = check_numbers(element, object.layout().kinds[0], each); !fits) return fits;
  const uint64_t count = bytes.size() / each;
  if (!runtime::in_bounds(first, count, object.length())) {
    return refuse(ApiError::no_such_element, std::to_string(first + count), std::to_string(object.length()));
  }
  if (write && !element.mut) return refuse(ApiError::immutable_elements);
  if (bytes.empty()) return {};
  uint8_t* p = object.heap().elements(object.r) + each * first;
  if (write) {
    std::memcpy(p, bytes.data(), bytes.size());
  } else {
    std::memcpy(bytes.data(), p, bytes.size());
  }
  return {};
} catch (const std::bad_alloc&) {
  return detail::no_memory();
}

}  // namespace v0
}  // namespace ashlar
