// Names, instances, aliases, canonical definitions, imports and exports; see decoder.h.
#include <algorithm>

#include "binary/type_reader.h"
#include "component/canon_table.h"
#include "component/decoder.h"

namespace ashlar::component {

// --- sorts and names

CoreSort Decoder::core_sort() {
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  const bool known = code <= static_cast<uint8_t>(CoreSort::Tag) ||
                     (code >= static_cast<uint8_t>(CoreSort::Type) && code <= static_cast<uint8_t>(CoreSort::Instance));
  if (known) return CoreSort{code};
  malformed("core sort", at, code);
  return CoreSort::Func;
}

AnySort Decoder::sort() {
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code > static_cast<uint8_t>(Sort::Instance)) {
    malformed("sort", at, code);
    return {};
  }
  AnySort out;
  out.sort = Sort{code};
  if (in_.ok() && out.sort == Sort::Core) out.core = core_sort();
  return out;
}

SortIdx Decoder::sort_idx() {
  const AnySort of = sort();
  return {of, in_.leb_u32()};
}

CoreSortIdx Decoder::core_sort_idx() {
  const CoreSort of = core_sort();
  return {of, in_.leb_u32()};
}

ExternName Decoder::extern_name() {
  ExternName out;
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code > 0x02) {
    malformed("name of an import or export", at, code);
    return out;
  }
  out.name = text();
  if (code != 0x02) return out;
  const uint32_t n = items("attributes");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) attribute(out);
  return out;
}

void Decoder::attribute(ExternName& out) {
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code > 0x02) return malformed("attribute of a name", at, code);
  std::optional<std::string>& field = code == 0x00   ? out.implements
                                      : code == 0x01 ? out.version_suffix
                                                     : out.external_id;
  if (field) {
    constexpr std::string_view kNames[] = {"implements", "versionsuffix", "external-id"};
    return in_.fail_at(ErrorCode::component_attribute_twice, at, std::string(kNames[code]));
  }
  field = text();
}

// --- instances and aliases

CoreInstanceDef Decoder::core_instance() {
  CoreInstanceDef out;
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code == 0x00) {
    CoreInstanceDef::Instantiate def;
    def.module = in_.leb_u32();
    def.args = list("arguments", [&] {
      CoreInstantiateArg arg;
      arg.name = text();
      const size_t sort_at = in_.pos();
      arg.item = core_sort_idx();
      if (in_.ok() && arg.item.sort != CoreSort::Instance) {
        malformed("sort of a core instantiation's argument", sort_at, static_cast<uint8_t>(arg.item.sort));
      }
      return arg;
    });
    out.expr = std::move(def);
  } else if (code == 0x01) {
    out.expr = list("exports", [&] {
      CoreInlineExport e;
      e.name = text();
      e.item = core_sort_idx();
      return e;
    });
  } else {
    malformed("core instance", at, code);
  }
  return out;
}

InstanceDef Decoder::instance() {
  InstanceDef out;
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code == 0x00) {
    InstanceDef::Instantiate def;
    def.component = in_.leb_u32();
    def.args = list("arguments", [&] {
      InstantiateArg arg;
      arg.name = text();
      arg.item = sort_idx();
      return arg;
    });
    out.expr = std::move(def);
  } else if (code == 0x01) {
    out.expr = list("exports", [&] {
      InlineExport e;
      e.name = extern_name();
      e.item = sort_idx();
      return e;
    });
  } else {
    malformed("instance", at, code);
  }
  return out;
}

AliasDef Decoder::alias() {
  const size_t sort_at = in_.pos();
  const AnySort of = sort();
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  if (code == 0x00) {
    ExportAlias out{of, in_.leb_u32(), {}};
    out.name = text();
    return {std::move(out)};
  }
  if (code == 0x01) {
    if (in_.ok() && of.sort != Sort::Core) {
      malformed("sort of a core export's alias", sort_at, static_cast<uint8_t>(of.sort));
    }
    CoreExportAlias out{of.core, in_.leb_u32(), {}};
    out.name = text();
    return {std::move(out)};
  }
  if (code != 0x02) malformed("target of an alias", at, code);
  const bool core = of.core == CoreSort::Module || of.core == CoreSort::Type;
  if (in_.ok() && !(of.sort == Sort::Core ? core : of.sort == Sort::Type || of.sort == Sort::Component)) {
    malformed("sort of an outer alias", of.sort == Sort::Core ? sort_at + 1 : sort_at,
              of.sort == Sort::Core ? static_cast<uint8_t>(of.core) : static_cast<uint8_t>(of.sort));
  }
  const uint32_t outer_count = in_.leb_u32();
  return {OuterAlias{of, outer_count, in_.leb_u32()}};
}

// --- canonical definitions

CanonDef Decoder::canon() {
  CanonDef out;
  const size_t at = in_.pos();
  const uint8_t code = in_.u8();
  const CanonInfo* row = find_canon(code);
  if (row == nullptr) {
    malformed("canonical definition", at, code);
  } else {
    out.op = row->op;
    canon_immediates(out, at);
  }
  return out;
}

void Decoder::canon_immediates(CanonDef& out, size_t at) {
  switch (info(out.op).immediates) {
    case CanonImmediates::Lift:
    case CanonImmediates::Lower: {
      const uint8_t func_sort = in_.u8();
      if (func_sort != 0x00) return malformed("canonical definition's sort", at + 1, func_sort);
      out.func = in_.leb_u32();
      out.opts = canon_opts();
      if (out.op == CanonOp::lift) out.type = in_.leb_u32();
      return;
    }
    case CanonImmediates::Type:
      out.type = in_.leb_u32();
      return;
    case CanonImmediates::None:
      return;
    case CanonImmediates::Result_Opts:
      out.result = result_list();
      out.opts = canon_opts();
      return;
    case CanonImmediates::Context:
      out.value = binary::read_val_type(in_, features_);
      out.index = in_.leb_u32();
      return;
    case CanonImmediates::Async:
      out.async = flag("async flag");
      return;
    case CanonImmediates::Type_Opts:
      out.type = in_.leb_u32();
      out.opts = canon_opts();
      return;
    case CanonImmediates::Type_Async:
      out.type = in_.leb_u32();
      out.async = flag("async flag");
      return;
    case CanonImmediates::Opts:
      out.opts = canon_opts();
      return;
    case CanonImmediates::Memory:
      out.cancellable = flag("cancellable flag");
      out.memory = in_.leb_u32();
      return;
    case CanonImmediates::Cancel:
      out.cancellable = flag("cancellable flag");
      return;
    case CanonImmediates::ThreadIndirect:
      out.type = in_.leb_u32();
      out.table = in_.leb_u32();
      return;
    case CanonImmediates::SharedType:
      out.shared = flag("shared flag");
      out.type = in_.leb_u32();
      return;
    case CanonImmediates::SharedTypeTable:
      out.shared = flag("shared flag");
      out.type = in_.leb_u32();
      out.table = in_.leb_u32();
      return;
    case CanonImmediates::Shared:
      out.shared = flag("shared flag");
      return;
  }
}

CanonOpts Decoder::canon_opts() {
  CanonOpts out;
  const uint32_t n = items("canonical options");
  for (uint32_t i = 0; i < n && in_.ok(); ++i) canon_opt(out);
  return out;
}

void Decoder::canon_opt(CanonOpts& out) {
  const size_t at = in_.pos();
  const auto twice = [&](std::string_view option) {
    in_.fail_at(ErrorCode::canon_option_twice, at, std::string(option));
  };
  const auto index = [&](std::optional<uint32_t>& field, std::string_view option) {
    if (field) return twice(option);
    field = in_.leb_u32();
  };
  const auto set = [&](bool& field, std::string_view option) {
    if (field) return twice(option);
    field = true;
  };
  switch (const uint8_t code = in_.u8()) {
    case 0x00:
    case 0x01:
    case 0x02:
      if (out.encoding) return twice("string-encoding");
      out.encoding = static_cast<StringEncoding>(code);
      return;
    case 0x03:
      return index(out.memory, "memory");
    case 0x04:
      return index(out.realloc, "realloc");
    case 0x05:
      return index(out.post_return, "post-return");
    case 0x06:
      return set(out.async, "async");
    case 0x07:
      return index(out.callback, "callback");
    case 0x08:
      return index(out.core_type, "core-type");
    case 0x09:
      return set(out.gc, "gc");
    default:
      malformed("canonical option", at, code);
  }
}

// --- start, imports, exports, values

StartDef Decoder::start() {
  StartDef out;
  out.func = in_.leb_u32();
  out.args = list("arguments", [&] { return in_.leb_u32(); });
  const size_t at = in_.pos();
  out.results = in_.leb_u32();
  if (out.results > component_limits_.params) {
    in_.fail_at(ErrorCode::module_limit, at, std::to_string(out.results) + " results of a start definition",
                std::to_string(component_limits_.params));
  }
  return out;
}

ImportDef Decoder::import() {
  ImportDef out;
  out.name = extern_name();
  out.desc = extern_desc();
  return out;
}

ExportDef Decoder::export_def() {
  ExportDef out;
  out.name = extern_name();
  out.item = sort_idx();
  if (flag("type of an export")) out.ascribed = extern_desc();
  return out;
}

ValueDef Decoder::value() {
  ValueDef out;
  out.type = type_ref();
  const std::span<const uint8_t> bytes = in_.take(in_.leb_u32());
  out.bytes.assign(bytes.begin(), bytes.end());
  return out;
}

}  // namespace ashlar::component
