// Host functions with somebody who looks on; see watch.h.
#include "snapshot/watch.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "component/call_context.h"

namespace ashlar::snapshot {

namespace {

constexpr const char* kRandom = "random numbers";

std::unexpected<Error> no_random(const std::string& function) {
  return make_error(ErrorCode::snapshot_call, kNoOffset,
                    "random numbers were asked for (" + function +
                        "): every program that starts from it would have the same; --allow-random allows that");
}

std::unexpected<Error> not_given(const std::string& import) {
  return make_error(ErrorCode::snapshot_call, kNoOffset,
                    "the import " + import + " was called, which nobody gives during initialisation");
}

constexpr uint64_t kMostName = 4096;

std::string read_text(const runtime::Memory* memory, uint64_t at, uint64_t size) {
  if (memory == nullptr || size > kMostName || at > memory->byte_size() || size > memory->byte_size() - at) return {};
  return {reinterpret_cast<const char*>(memory->base()) + at, size};
}

/// Of a call that succeeded, and so has written there.
uint32_t read_number(const runtime::Memory* memory, uint64_t at) {
  uint32_t out = 0;
  if (memory != nullptr && at + sizeof out <= memory->byte_size()) std::memcpy(&out, memory->base() + at, sizeof out);
  return out;
}

}  // namespace

struct Watch::Row {
  std::string_view module;  ///< preview 2: the interface; preview 1: empty
  std::string_view name;
  Rule rule;
  const char* what;
};

constexpr Watch::Row Watch::kPreview1[] = {
    {"", "random_get", Rule::Random, kRandom},
    {"", "clock_time_get", Rule::Learn, "the clock"},
    {"", "environ_get", Rule::Learn, "the environment"},
    {"", "args_get", Rule::Learn, "the arguments"},
    {"", "fd_prestat_get", Rule::Learn, "the granted directories"},
    {"", "path_open", Rule::Open, ""},
    {"", "sock_accept", Rule::Accept, ""},
    {"", "fd_close", Rule::Close, ""},
    {"", "fd_renumber", Rule::Renumber, ""},
};

constexpr Watch::Row Watch::kPreview2[] = {
    {"wasi:random/random@0.2.0", "get-random-bytes", Rule::Random, kRandom},
    {"wasi:random/random@0.2.0", "get-random-u64", Rule::Random, kRandom},
    {"wasi:random/insecure@0.2.0", "get-insecure-random-bytes", Rule::Random, kRandom},
    {"wasi:random/insecure@0.2.0", "get-insecure-random-u64", Rule::Random, kRandom},
    {"wasi:random/insecure-seed@0.2.0", "insecure-seed", Rule::Random, kRandom},
    {"wasi:clocks/monotonic-clock@0.2.0", "now", Rule::Learn, "the clock"},
    {"wasi:clocks/wall-clock@0.2.0", "now", Rule::Learn, "the clock"},
    {"wasi:cli/environment@0.2.0", "get-environment", Rule::Learn, "the environment"},
    {"wasi:cli/environment@0.2.0", "get-arguments", Rule::Learn, "the arguments"},
    {"wasi:cli/environment@0.2.0", "initial-cwd", Rule::Learn, "the working directory"},
    {"wasi:filesystem/preopens@0.2.0", "get-directories", Rule::Learn, "the granted directories"},
    {"wasi:config/store@0.2.0-draft", "get", Rule::Learn, "the configuration"},
    {"wasi:config/store@0.2.0-draft", "get-all", Rule::Learn, "the configuration"},
    {"wasi:config/store@0.2.0-rc.1", "get", Rule::Learn, "the configuration"},
    {"wasi:config/store@0.2.0-rc.1", "get-all", Rule::Learn, "the configuration"},
};

std::string Watch::learnt() const {
  std::string out;
  size_t left = learnt_.size();
  for (const std::string_view one : learnt_) {
    if (!out.empty()) out += left == 1 ? " and " : ", ";
    out += one;
    --left;
  }
  return out;
}

Status Watch::check_closed() const {
  if (open_.empty()) return {};
  std::string list;
  for (const auto& [fd, what] : open_) list += (list.empty() ? "" : ", ") + std::to_string(fd) + " (" + what + ")";
  return make_error(ErrorCode::snapshot_refused, kNoOffset,
                    "descriptors are open that nobody opens again: " + list + "; close them during initialisation");
}

// ---- preview 1

void Watch::define(runtime::Linker& linker, runtime::Store& store, const module::Module& m) {
  std::set<std::pair<std::string_view, std::string_view>> done;
  for (const module::Import& import : m.imports) {
    if (!done.emplace(import.module, import.name).second) continue;
    std::string module(import.module), name(import.name);
    if (import.kind == module::ExternKind::Tag) {
      linker.define(module, name, runtime::Extern::of(store.new_tag(m.canonical[m.tags[import.index].type.type])));
    }
    if (import.kind != module::ExternKind::Func) continue;
    runtime::HostFunc watched;
    watched.name = module + "." + name;
    uint32_t type = m.canonical[m.funcs[import.index].type];
    if (const runtime::Extern* found = linker.find(module, name)) {
      const auto row = std::ranges::find(kPreview1, name, &Row::name);
      const Row* known = row == std::end(kPreview1) ? nullptr : row;
      const runtime::HostFunc* host = found->func->host;
      type = found->func->type_id;
      watched.call = [this, known, host](runtime::Caller& caller, runtime::Slot* slots) {
        return call(known ? known->rule : Rule::None, known ? known->what : "", *host, caller, slots);
      };
    } else {
      watched.call = [text = "\"" + module + "\" \"" + name + "\""](runtime::Caller&, runtime::Slot*) -> Status {
        return not_given(text);
      };
    }
    linker.define(module, name, runtime::Extern::of(store.new_host_func(type, std::move(watched))));
  }
}

Status Watch::call(Rule rule, const char* what, const runtime::HostFunc& f, runtime::Caller& caller,
                   runtime::Slot* slots) {
  switch (rule) {
    case Rule::Random:
      if (!allow_random_) return no_random(f.name);
      [[fallthrough]];
    case Rule::Learn:
      learnt_.insert(what);
      [[fallthrough]];
    case Rule::None:
      return f.call(caller, slots);
    case Rule::Open:
      return open_file(f, caller, slots);
    case Rule::Accept: {
      const auto opened = static_cast<uint32_t>(slots[2]);
      TRY(f.call(caller, slots));
      if (slots[0] == 0) open_[read_number(caller.memory(), opened)] = "a connection";
      return {};
    }
    case Rule::Close: {
      const auto fd = static_cast<uint32_t>(slots[0]);
      TRY(f.call(caller, slots));
      if (slots[0] == 0) open_.erase(fd);
      return {};
    }
    case Rule::Renumber:
      return renumber(f, caller, slots);
  }
  return {};
}

/// path_open(fd, lookup, path, path_size, oflags, base, inheriting, flags, opened).
Status Watch::open_file(const runtime::HostFunc& f, runtime::Caller& caller, runtime::Slot* slots) {
  const std::string path = read_text(caller.memory(), static_cast<uint32_t>(slots[2]), static_cast<uint32_t>(slots[3]));
  const auto opened = static_cast<uint32_t>(slots[8]);
  TRY(f.call(caller, slots));
  if (slots[0] == 0) open_[read_number(caller.memory(), opened)] = path;
  return {};
}

/// fd_renumber(from, to).
Status Watch::renumber(const runtime::HostFunc& f, runtime::Caller& caller, runtime::Slot* slots) {
  const auto from = static_cast<uint32_t>(slots[0]), to = static_cast<uint32_t>(slots[1]);
  TRY(f.call(caller, slots));
  if (slots[0] != 0 || from == to) return {};
  open_.erase(to);
  auto moved = open_.extract(from);
  // A granted one that has another number is not where a new program finds it.
  open_[to] = moved.empty() ? "was " + std::to_string(from) : std::move(moved.mapped());
  return {};
}

// ---- WASI 0.2

component::HostFunction Watch::around(component::HostFunction f, const char* what) {
  if (f.typed) {
    f.typed = [this, what, inner = std::move(f.typed)](component::CallContext& context, const component::FuncType& type,
                                                       runtime::Slot* slots) {
      learnt_.insert(what);
      return inner(context, type, slots);
    };
  }
  if (f.dynamic) {
    f.dynamic = [this, what, inner = std::move(f.dynamic)](component::HostCall& call) {
      learnt_.insert(what);
      return inner(call);
    };
  }
  return f;
}

namespace {

/// A function of any type that nobody may call.
component::HostFunction refusing(std::function<Status()> why) {
  component::HostFunction out;
  out.dynamic = [why = std::move(why)](component::HostCall&) { return why(); };
  out.matches = [](const component::FuncType&, component::ResourceUses&) { return true; };
  return out;
}

}  // namespace

void Watch::define(component::HostImports& imports, const component::Plan& plan) {
  for (const Row& row : kPreview2) {
    const std::string path[] = {std::string(row.module), std::string(row.name)};
    const component::HostFunction* found = imports.find_function(path);
    if (found == nullptr) continue;
    const bool refused = row.rule == Rule::Random && !allow_random_;
    imports.function(row.module, row.name,
                     refused ? refusing([name = path[0] + "#" + path[1]]() -> Status { return no_random(name); })
                             : around(*found, row.what));
  }
  for (const component::PlanImport& import : plan.imports) {
    if (import.path.size() > 2) continue;
    const std::string interface = import.path.size() == 2 ? import.path[0] : "";
    if (import.kind == component::PlanImport::Kind::Resource && imports.find_resource(import.path) == nullptr) {
      imports.resource(interface, import.path.back(), {});
    }
    if (import.kind != component::PlanImport::Kind::Func || imports.find_function(import.path) != nullptr) continue;
    imports.function(interface, import.path.back(), refusing([text = component::to_string(import.path)]() -> Status {
                       return not_given("\"" + text + "\"");
                     }));
  }
}

}  // namespace ashlar::snapshot
