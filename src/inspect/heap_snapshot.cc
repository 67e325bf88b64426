// Writer of V8's heap snapshots: a header with the counts, one flat array of nodes, one of edges, one of strings.
//
// Every node is kFields numbers; its edges follow those of the node before, and name their target by where its numbers
// begin. The counts come first, so that everything is visited three times: to count, for nodes, for edges.
#include "inspect/heap_snapshot.h"

#include <unordered_map>

#include "base/json.h"
#include "inspect/heap_graph.h"
#include "inspect/json_file.h"

namespace ashlar::inspect {

namespace {

using runtime::GcHeader;
using runtime::GcRef;

constexpr uint64_t kFields = 7;

/// Positions in the lists of types below. Arrays are "object": the panel shows everything of type "array" as one class.
enum class NodeType : uint8_t { Object = 3, Native = 8, Synthetic = 9 };
enum class EdgeType : uint8_t { Element = 1, Property = 2 };

// As V8 writes it. Readers look fields and types up by name here.
constexpr std::string_view kMeta =
    R"("meta":{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],)"
    R"("node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic",)"
    R"("concatenated string","sliced string","symbol","bigint","object shape","wasm object"],)"
    R"("string","number","number","number","number","number"],)"
    R"("edge_fields":["type","name_or_index","to_node"],)"
    R"("edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],)"
    R"("trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],)"
    R"("trace_node_fields":["id","function_info_index","count","size","children"],)"
    R"("sample_fields":["timestamp_us","last_assigned_id"],)"
    R"("location_fields":["object_index","script_id","line","column"]})";

/// Ids are odd. Objects do not move once a collection has found them, so that theirs stay from snapshot to snapshot;
/// those of other nodes are smaller than any.
uint64_t id_of_node(uint64_t node) { return 2 * node + 1; }
uint64_t id_of_object(GcRef r) { return (r >> 2) | 1; }

class Strings {
 public:
  uint32_t operator()(const std::string& text) {
    const auto [at, fresh] = numbers_.try_emplace(text, static_cast<uint32_t>(texts_.size()));
    if (fresh) texts_.push_back(&at->first);
    return at->second;
  }
  const std::vector<const std::string*>& all() const { return texts_; }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<const std::string*> texts_;
};

class SnapshotWriter {
 public:
  SnapshotWriter(const runtime::Store& store, const HeapNames& names, const HeapGraph& graph, JsonFile& out)
      : store_(store), names_(names), graph_(graph), heap_(graph.heap()), out_(out) {
    strings_("<dummy>");
  }
  void write();
  uint64_t bytes() const { return bytes_; }

 private:
  /// What is the same for all objects of a type, or exceptions of a tag.
  struct Kind {
    NodeType type = NodeType::Object;
    uint32_t name = 0;
    EdgeType edges = EdgeType::Property;
    /// Names of the reference fields, or numbers of such parameters, in the order of GcHeap::for_each_ref; arrays:
    /// none.
    std::vector<uint32_t> labels;
  };

  const Kind& kind_of(GcRef r, const GcHeader& h);
  Kind make_exception_kind(const runtime::TagInstance* tag);
  Kind make_kind(uint32_t type_id);
  void node(NodeType type, uint32_t name, uint64_t id, uint64_t size, uint64_t edges);
  void edge(EdgeType type, uint64_t name_or_index, uint64_t target);
  void write_nodes();
  void write_edges();
  uint64_t count_edges(GcRef r) const;
  template <class F>
  void for_each_root_edge(F f);
  void write_roots();

  const runtime::Store& store_;
  const HeapNames& names_;
  const HeapGraph& graph_;
  runtime::GcHeap& heap_;
  JsonFile& out_;
  Strings strings_;
  std::unordered_map<uint64_t, Kind> kinds_;  ///< by type id, or address of a tag
  uint64_t last_key_ = 0;
  const Kind* last_ = nullptr;
  uint64_t bytes_ = 0;
  bool first_ = true;  ///< of the array that is being written
};

// ---- objects -------------------------------------------------------------------------------------------------------

const SnapshotWriter::Kind& SnapshotWriter::kind_of(GcRef r, const GcHeader& h) {
  const bool exception = h.type_id() == runtime::kExnType;
  const uint64_t key = exception ? reinterpret_cast<uint64_t>(heap_.exn_tag(r)) : h.type_id();
  if (key == last_key_ && last_ != nullptr) return *last_;
  last_key_ = key;
  const auto found = kinds_.find(key);
  if (found != kinds_.end()) return *(last_ = &found->second);
  Kind kind = exception ? make_exception_kind(heap_.exn_tag(r)) : make_kind(h.type_id());
  return *(last_ = &kinds_.emplace(key, std::move(kind)).first->second);
}

SnapshotWriter::Kind SnapshotWriter::make_exception_kind(const runtime::TagInstance* tag) {
  Kind out;
  out.name = strings_(names_.exception(tag));
  out.edges = EdgeType::Element;
  const std::vector<isa::ValType>& params = store_.types().get(tag->type_id).def.func.params;
  for (uint32_t i = 0; i < params.size(); ++i) {
    if (params[i].is_ref() && !store_.is_func_ref(params[i])) out.labels.push_back(i);
  }
  return out;
}

SnapshotWriter::Kind SnapshotWriter::make_kind(uint32_t type_id) {
  Kind out;
  out.name = strings_(names_.type(type_id));
  if (type_id == runtime::kHostType) {
    out.type = NodeType::Native;
    return out;
  }
  const runtime::GcLayout& layout = heap_.layout(type_id);
  if (layout.kind == module::CompositeKind::Array) {
    out.edges = EdgeType::Element;
    return out;
  }
  for (uint32_t i = 0; i < layout.kinds.size(); ++i) {
    if (layout.kinds[i] == runtime::FieldKind::Ref) out.labels.push_back(strings_(names_.field(type_id, i)));
  }
  return out;
}

uint64_t SnapshotWriter::count_edges(GcRef r) const {
  uint64_t count = 0;
  heap_.for_each_ref(r, [&](GcRef target) { count += graph_.is_object(target) ? 1 : 0; });
  return count;
}

// ---- roots ---------------------------------------------------------------------------------------------------------

/// Calls f(node, type of the edge, its name or index, target node) for all edges of nodes that are no objects, in the
/// order of the nodes.
template <class F>
void SnapshotWriter::for_each_root_edge(F f) {
  constexpr uint32_t kFirst = HeapGraph::kFirstRoot;
  const auto root = [](HeapGraph::Root r) { return kFirst + static_cast<uint32_t>(r); };
  f(0, EdgeType::Element, 1, 1);
  for (uint32_t i = 0; i < HeapGraph::kRoots; ++i) f(1, EdgeType::Element, i + 1, kFirst + i);
  if (const GcRef r = graph_.pending_exception(); graph_.is_object(r)) {
    f(1, EdgeType::Property, strings_("exception on its way"), graph_.node_of(r));
  }
  uint64_t index = 0;
  for (GcRef r : graph_.stacks()) f(root(HeapGraph::Root::Stacks), EdgeType::Element, index++, graph_.node_of(r));
  for (const HeapGraph::Global& g : graph_.globals()) {
    f(root(HeapGraph::Root::Globals), EdgeType::Property, strings_(names_.global(g.global)), graph_.node_of(g.ref));
  }
  const auto& lists = graph_.lists();
  for (size_t i = 0; i < lists.size(); ++i) {
    const auto of = i < graph_.table_count() ? HeapGraph::Root::Tables : HeapGraph::Root::Elems;
    f(root(of), EdgeType::Property, strings_(lists[i].name), HeapGraph::kFirstList + i);
  }
  index = 0;
  for (GcRef r : heap_.handles()) {
    if (graph_.is_object(r)) f(root(HeapGraph::Root::Handles), EdgeType::Element, index, graph_.node_of(r));
    ++index;
  }
  for (size_t i = 0; i < lists.size(); ++i) {
    index = 0;
    for (runtime::Slot slot : lists[i].slots) {
      const auto r = static_cast<GcRef>(slot);
      if (graph_.is_object(r)) f(HeapGraph::kFirstList + i, EdgeType::Element, index, graph_.node_of(r));
      ++index;
    }
  }
}

void SnapshotWriter::write_roots() {
  const auto& lists = graph_.lists();
  std::vector<uint64_t> edges(graph_.first_object());
  for_each_root_edge([&](uint64_t from, EdgeType, uint64_t, uint64_t) { ++edges[from]; });
  uint64_t at = 0;
  for (const char* name : {"", "(GC roots)", "(Stacks)", "(Globals)", "(Tables)", "(Element segments)", "(Handles)"}) {
    node(NodeType::Synthetic, strings_(name), id_of_node(at), 0, edges[at]);
    ++at;
  }
  for (const HeapGraph::List& list : lists) {
    node(NodeType::Synthetic, strings_(list.name), id_of_node(at), 0, edges[at]);
    ++at;
  }
}

// ---- the file ------------------------------------------------------------------------------------------------------

void SnapshotWriter::node(NodeType type, uint32_t name, uint64_t id, uint64_t size, uint64_t edges) {
  if (!first_) out_.put(',');
  first_ = false;
  for (uint64_t number : {uint64_t{static_cast<uint8_t>(type)}, uint64_t{name}, id, size, edges}) {
    out_.put(number);
    out_.put(',');
  }
  out_.put("0,0\n");
}

void SnapshotWriter::edge(EdgeType type, uint64_t name_or_index, uint64_t target) {
  if (!first_) out_.put(',');
  first_ = false;
  out_.put(static_cast<uint32_t>(type));
  out_.put(',');
  out_.put(name_or_index);
  out_.put(',');
  out_.put(target * kFields);
  out_.put('\n');
}

void SnapshotWriter::write_nodes() {
  write_roots();
  graph_.for_each_object([this](GcRef r, const GcHeader& h) {
    const Kind& kind = kind_of(r, h);
    const uint64_t size = heap_.space().object_size(h);
    bytes_ += size;
    node(kind.type, kind.name, id_of_object(r), size, count_edges(r));
  });
}

void SnapshotWriter::write_edges() {
  for_each_root_edge([this](uint64_t, EdgeType type, uint64_t name, uint64_t target) { edge(type, name, target); });
  graph_.for_each_object([this](GcRef r, const GcHeader& h) {
    const Kind& kind = kind_of(r, h);
    uint64_t at = 0;
    heap_.for_each_ref(r, [&](GcRef target) {
      const uint64_t i = at++;
      if (!graph_.is_object(target)) return;
      edge(kind.edges, kind.labels.empty() ? i : kind.labels[i], graph_.node_of(target));
    });
  });
}

void SnapshotWriter::write() {
  uint64_t edges = 0;
  for_each_root_edge([&](uint64_t, EdgeType, uint64_t, uint64_t) { ++edges; });
  graph_.for_each_object([&](GcRef r, const GcHeader&) { edges += count_edges(r); });
  out_.put("{\"snapshot\":{");
  out_.put(kMeta);
  out_.put(",\"node_count\":");
  out_.put(graph_.node_count());
  out_.put(",\"edge_count\":");
  out_.put(edges);
  out_.put(",\"trace_function_count\":0},\n\"nodes\":[");
  write_nodes();
  out_.put("],\n\"edges\":[");
  first_ = true;
  write_edges();
  out_.put("],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[],\n\"strings\":[");
  first_ = true;
  for (const std::string* text : strings_.all()) {
    if (!first_) out_.put(",\n");
    first_ = false;
    out_.put(base::json_string(*text));
  }
  out_.put("]}\n");
}

}  // namespace

Result<SnapshotSize> write_heap_snapshot(runtime::Store& store, const std::string& path) {
  TRY_ASSIGN(JsonFile out, JsonFile::create(path));
  const HeapNames names(store);
  SnapshotSize size;
  store.heap().look([&](const void* sp) {
    const HeapGraph graph(store, names, sp);
    SnapshotWriter writer(store, names, graph, out);
    writer.write();
    size = {graph.object_count(), writer.bytes()};
  });
  TRY(out.finish());
  return size;
}

}  // namespace ashlar::inspect
