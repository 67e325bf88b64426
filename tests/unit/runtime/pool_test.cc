// What stores leave to others: nothing can be seen of it, wherever they wrote and on whichever thread; limits.
#include "runtime/memory_pool.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "os/own_pages.h"
#include "os/pages.h"
#include "runtime/fake_tier.h"

namespace ashlar::runtime {
namespace {

using fake::Builder;
using isa::ValType;

constexpr uint64_t kPage = 64 << 10;

std::shared_ptr<Engine> pooled(PoolConfig pool, BoundsChecks checks = BoundsChecks::GuardPages) {
  Config config;
  config.pool = pool;
  config.bounds_checks = checks;
  return std::make_shared<Engine>(config, fake::tier());
}

PoolConfig places(uint32_t count) {
  PoolConfig pool;
  pool.memories = count;
  return pool;
}

/// A module with a memory of two to ten pages, in which `text` lies at 70,000 and at the end of the first page.
struct Guest {
  static constexpr char kText[] = "the first bytes of this module's memory";
  static constexpr uint64_t kAt = 70'000;

  /// `elem`: where an element segment begins in the table of 30; not given: there is none.
  explicit Guest(const std::shared_ptr<Engine>& engine, uint64_t min = 2, std::optional<uint32_t> elem = {})
      : engine_(engine) {
    Builder b;
    auto bytes = std::make_shared<std::vector<uint8_t>>(std::begin(kText), std::end(kText));
    b.m->storage = bytes;
    b.m->bytes = *bytes;
    b.memory(min, 10);
    b.table(30, 100);
    b.global(ValType::i64(), true, fake::expr({fake::inst(isa::Op::i64_const, 77)}));
    b.func(b.func_type({}, {}));
    for (const uint32_t at : {uint32_t{kAt}, uint32_t{kPage} - 8}) {
      module::Data data{module::SegmentMode::Active, 0, fake::i32(at), 0, sizeof kText};
      b.m->datas.push_back(data);
    }
    if (elem) {
      module::Elem segment{};
      segment.mode = module::SegmentMode::Active;
      segment.offset = fake::i32(*elem);
      segment.type = ValType::funcref();
      segment.funcs.push_back(0);
      b.m->elems.push_back(std::move(segment));
    }
    module_ = b.compile(engine);
  }

  Instance& begin(Store& store) const {
    auto made = store.instantiate(module_, {});
    EXPECT_TRUE(made) << made.error().message();
    return **made;
  }

  /// As new: the memory, table and global of an instance that nobody has used.
  static void expect_new(Instance& i) {
    Memory& memory = *i.ctx.mem0;
    ASSERT_EQ(memory.byte_size() % kPage, 0u);
    std::vector<uint8_t> wanted(memory.byte_size());
    std::memcpy(wanted.data() + kAt, kText, sizeof kText);
    std::memcpy(wanted.data() + kPage - 8, kText, sizeof kText);
    EXPECT_EQ(std::memcmp(wanted.data(), memory.base(), wanted.size()), 0);
    ASSERT_EQ(i.ctx.tables[0]->size(), 30u);
    for (uint64_t k = 0; k < 30; ++k) EXPECT_EQ(i.ctx.tables[0]->get(k), 0u);
    EXPECT_EQ(i.ctx.globals[0][0], 77u);
  }
  /// What it grows to reads as zero.
  static void expect_new_growth(Instance& i) {
    Memory& memory = *i.ctx.mem0;
    const uint64_t before = memory.byte_size();
    ASSERT_EQ(i.store().memory_grow(memory, 8), 2);
    EXPECT_TRUE(
        std::all_of(memory.base() + before, memory.base() + memory.byte_size(), [](uint8_t b) { return b == 0; }));
    ASSERT_EQ(i.store().table_grow(*i.ctx.tables[0], 70, 0), 30);
    for (uint64_t k = 0; k < 100; ++k) EXPECT_EQ(i.ctx.tables[0]->get(k), 0u);
  }
  static void use_table(Instance& i) {
    const Slot func = from_func(i.func_cell(0));
    for (uint64_t k = 0; k < i.ctx.tables[0]->size(); ++k) i.ctx.tables[0]->set(k, func);
    i.ctx.globals[0][0] = 5;
  }

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<CompiledModule> module_;
};

void write_pages(Memory& memory, std::initializer_list<uint64_t> pages) {
  for (uint64_t page : pages) std::memset(memory.base() + page * 4096, 0xaa, 4096);
}

/// Whether the byte can be read: the system is asked to.
bool accessible(const uint8_t* p) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const bool can = ::write(ends[1], p, 1) == 1;
  ::close(ends[0]);
  ::close(ends[1]);
  return can;
}

struct PoolTest : testing::Test {
  std::shared_ptr<Engine> engine = pooled(places(4));
  Guest guest{engine};

  /// One store after another at one place: what each does, and whether the next sees anything.
  uint8_t* run(const std::function<void(Instance&)>& use) {
    Store store(engine);
    Instance& i = guest.begin(store);
    Guest::expect_new(i);
    use(i);
    return i.ctx.mem0_base;
  }
};

TEST_F(PoolTest, NextStoreSeesNothingOfAnyPage) {
  uint8_t* const place = run([](Instance&) {});
  // First few pages, then the same, others, none, then more than are kept, and all of it again.
  EXPECT_EQ(run([](Instance& i) { write_pages(*i.ctx.mem0, {0, 3, 17}); }), place);
  EXPECT_EQ(run([](Instance& i) { write_pages(*i.ctx.mem0, {0, 3, 17}); }), place);
  run([](Instance& i) { write_pages(*i.ctx.mem0, {1, 17, 31}); });
  run([](Instance&) {});
  run([](Instance& i) { std::memset(i.ctx.mem0_base, 1, i.ctx.mem0->byte_size()); });
  run([](Instance& i) { write_pages(*i.ctx.mem0, {2}); });
  run([](Instance& i) { Guest::use_table(i); });
  run([](Instance&) {});
}

TEST_F(PoolTest, NextStoreSeesNothingOfGrowth) {
  for (int round = 0; round < 4; ++round) {
    run([&](Instance& i) {
      Guest::expect_new_growth(i);
      // In some rounds, so that pages lie behind what the next instance begins with.
      if (round != 2) write_pages(*i.ctx.mem0, {0, 40, 150, 159});
      Guest::use_table(i);
    });
    run([](Instance& i) {
      EXPECT_FALSE(accessible(i.ctx.mem0_base + 2 * kPage));
      write_pages(*i.ctx.mem0, {0});
    });
  }
}

TEST_F(PoolTest, MoreThanIsKeptGoesBack) {
  PoolConfig pool = places(2);
  pool.keep_bytes = 8192;
  pool.keep_more_bytes = 0;
  engine = pooled(pool);
  guest = Guest(engine);
  for (int round = 0; round < 3; ++round) {
    run([](Instance& i) { write_pages(*i.ctx.mem0, {0, 5, 9, 17, 30}); });
    run([](Instance& i) { write_pages(*i.ctx.mem0, {5}); });
  }
}

uint64_t own_bytes(uint8_t* begin, uint64_t bytes) {
  std::vector<os::PageRange> found(bytes / 4096);
  const size_t count = os::find_own_pages(begin, begin + bytes, found);
  uint64_t out = 0;
  for (size_t i = 0; count != os::kUnknownPages && i < count; ++i) out += found[i].bytes();
  return out;
}

bool system_tells_pages() {
  uint8_t* const page = os::map_pages(4096);
  os::PageRange none[1];
  const bool tells = os::find_own_pages(page, page + 4096, none) == 0;
  os::release_pages(page, 4096);
  return tells;
}

/// A pool whose memories may keep little alone, and `more` together; its guest has ten pages of memory.
struct SharedRoomTest : PoolTest {
  static constexpr uint64_t kBytes = 10 * kPage;
  static constexpr uint64_t kAlone = 4096;

  void SetUp() override {
    if (!system_tells_pages()) GTEST_SKIP() << "this system does not tell which pages are a process's own";
  }
  void begin(uint64_t more) {
    PoolConfig pool = places(4);
    pool.keep_bytes = kAlone;
    pool.keep_more_bytes = more;
    engine = pooled(pool);
    guest = Guest(engine, 10);
  }
  static void write_every_other(Memory& memory, uint64_t from = 0) {
    for (uint64_t page = from; page < kBytes / 4096; page += 2) write_pages(memory, {page});
  }
  uint64_t left() { return engine->memory_pool()->room().left(); }
};

TEST_F(SharedRoomTest, WhatIsWrittenOftenStays) {
  begin(1 << 20);
  constexpr uint64_t kHalf = kBytes / 2;
  uint8_t* const place = run([](Instance& i) { write_every_other(*i.ctx.mem0); });
  EXPECT_EQ(own_bytes(place, kBytes), kHalf);
  EXPECT_EQ(left(), (1 << 20) - (kHalf - kAlone));
  // The same, nothing, the others, all.
  run([](Instance& i) { write_every_other(*i.ctx.mem0); });
  run([](Instance&) {});
  run([](Instance& i) { write_every_other(*i.ctx.mem0, 1); });
  EXPECT_EQ(own_bytes(place, kBytes), kBytes);
  EXPECT_EQ(run([](Instance& i) { std::memset(i.ctx.mem0_base, 1, kBytes); }), place);
  EXPECT_EQ(left(), (1 << 20) - (kBytes - kAlone));
  run([](Instance&) {});
}

TEST_F(SharedRoomTest, WhatIsNotWrittenAgainGoesOnce) {
  begin(1 << 20);
  uint8_t* const place = run([](Instance& i) { write_every_other(*i.ctx.mem0); });
  for (int round = 0; round < 2000 && own_bytes(place, kBytes) > 3 * 4096; ++round) {
    EXPECT_EQ(run([](Instance& i) { write_pages(*i.ctx.mem0, {1, 8, 17}); }), place);
  }
  EXPECT_LE(own_bytes(place, kBytes), 3u * 4096);
  run([](Instance&) {});
  EXPECT_LE((1 << 20) - left(), 3u * 4096 - kAlone);
}

// With room for one of two memories, the one that has it is used first; another module gets its room with its place.
TEST_F(SharedRoomTest, RoomIsSharedByAll) {
  begin(kBytes / 2);
  uint8_t* kept = nullptr;
  for (int round = 0; round < 3; ++round) {
    std::optional<Store> first(std::in_place, engine), second(std::in_place, engine);
    Instance& a = guest.begin(*first);
    Instance& b = guest.begin(*second);
    for (Instance* i : {&a, &b}) Guest::expect_new(*i);
    if (round != 0) EXPECT_EQ(a.ctx.mem0_base, kept);
    uint8_t* const places[] = {a.ctx.mem0_base, b.ctx.mem0_base};
    for (Instance* i : {&a, &b}) write_every_other(*i->ctx.mem0);
    kept = places[0];
    first.reset();
    second.reset();
    EXPECT_EQ(own_bytes(places[0], kBytes), kBytes / 2);
    EXPECT_EQ(own_bytes(places[1], kBytes), 0u);
    EXPECT_EQ(left(), kAlone);
  }
  guest = Guest(engine);
  EXPECT_EQ(left(), kBytes / 2);
  run([](Instance& i) { write_pages(*i.ctx.mem0, {0, 5, 9, 17, 30}); });
  EXPECT_EQ(left(), kBytes / 2 - 4 * 4096);
  run([](Instance&) {});
}

TEST_F(SharedRoomTest, MoreThanThereIsRoomForGoesBack) {
  begin(4096);
  uint8_t* const place = run([](Instance& i) { write_every_other(*i.ctx.mem0); });
  EXPECT_EQ(own_bytes(place, kBytes), 0u);
  EXPECT_EQ(left(), 4096u);
  run([](Instance& i) { write_pages(*i.ctx.mem0, {3, 4}); });
  EXPECT_EQ(left(), 0u);
  // What grows beyond gives its room back.
  run([](Instance& i) { write_every_other(*i.ctx.mem0); });
  EXPECT_EQ(left(), 4096u);
  run([](Instance&) {});
}

TEST(SharedRoom, IsChangedWholeOrNotAtAll) {
  SharedRoom room(100);
  uint64_t a = 0, b = 0;
  EXPECT_TRUE(room.change(a, 60));
  EXPECT_FALSE(room.change(b, 41));
  EXPECT_EQ(b, 0u);
  EXPECT_TRUE(room.change(b, 40));
  EXPECT_FALSE(room.change(a, 61));
  EXPECT_TRUE(room.change(a, 10));
  EXPECT_EQ(room.left(), 50u);
  EXPECT_TRUE(room.change(b, 90));
  EXPECT_EQ(room.left(), 0u);
}

/// A thread that is there already and does what it is told: handing it something causes no page fault here.
class Other {
 public:
  ~Other() {
    ends_ = true;
    thread_.join();
  }
  void run(const std::function<void()>& job) {
    job_ = &job;
    while (job_ != nullptr) std::this_thread::yield();
  }

 private:
  std::atomic<const std::function<void()>*> job_ = nullptr;
  std::atomic<bool> ends_ = false;
  std::thread thread_{[this] {
    while (!ends_) {
      if (const auto* job = job_.load()) {
        (*job)();
        job_ = nullptr;
      }
      std::this_thread::yield();
    }
  }};
};

TEST_F(PoolTest, PagesWrittenOnOtherThreadsAreFound) {
  Other other;
  Instance* now = nullptr;
  uint64_t page = 0;
  const std::function<void()> write = [&] { now->ctx.mem0_base[page * 4096] = 1; };
  const std::function<void()> call = [&] { EXPECT_TRUE(now->store().invoke(*now->func_cell(0), nullptr)); };
  fake::body = [&](Store&, const FuncCell&, Slot*) {
    write();
    return Status{};
  };
  // How the other thread comes to the memory. In the last way the store ends there.
  enum Way { Calls, KnowsWhere, EndsIt };
  for (const Way way : {Calls, KnowsWhere, EndsIt, Calls, KnowsWhere, EndsIt}) {
    ++page;
    // After some stores that do nothing there are no page faults on this thread.
    for (int quiet = 3; quiet >= 0; --quiet) {
      std::optional<Store> store(std::in_place, engine);
      now = &guest.begin(*store);
      if (quiet != 0) continue;
      if (way == Calls) other.run(call);
      if (way == KnowsWhere) {
        now->ctx.mem0->expose();
        other.run(write);
      }
      if (way == EndsIt) {
        other.run(write);
        other.run([&] { store.reset(); });
      }
    }
    run([](Instance&) {});
  }
  fake::body = {};
}

TEST_F(PoolTest, OtherModulesUseThePlaces) {
  const Guest large(engine, 5);
  std::vector<uint8_t*> seen;
  for (int round = 0; round < 3; ++round) {
    for (const Guest* g : {static_cast<const Guest*>(&guest), &large}) {
      std::vector<std::unique_ptr<Store>> stores;
      for (int i = 0; i < 4; ++i) {
        stores.push_back(std::make_unique<Store>(engine));
        Instance& instance = g->begin(*stores.back());
        Guest::expect_new(instance);
        seen.push_back(instance.ctx.mem0_base);
        ASSERT_GE(instance.ctx.mem0->grow(3), 0);
        write_pages(*instance.ctx.mem0, {0, 17, 75});
      }
    }
  }
  std::ranges::sort(seen);
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen.size(), 4u);
}

TEST_F(PoolTest, PlacesOutliveModules) {
  uint8_t* place = nullptr;
  for (int round = 0; round < 5; ++round) {
    const Guest own(engine);
    Store store(engine);
    Instance& i = own.begin(store);
    Guest::expect_new(i);
    write_pages(*i.ctx.mem0, {0, 17});
    if (place != nullptr) EXPECT_EQ(i.ctx.mem0_base, place);
    place = i.ctx.mem0_base;
  }
}

// Large ones lie on pages of their own, and only what was written is cleaned where that is little.
TEST_F(PoolTest, LargeTablesAreAsNew) {
  constexpr uint32_t kSize = 5000, kAt = 4100, kCount = 3;
  Builder b;
  b.table(kSize, 6000);
  b.func(b.func_type({}, {}));
  module::Elem segment{};
  segment.mode = module::SegmentMode::Active;
  segment.offset = fake::i32(kAt);
  segment.type = ValType::funcref();
  for (uint32_t i = 0; i < kCount; ++i) segment.funcs.push_back(0);
  b.m->elems.push_back(std::move(segment));
  const auto module = b.compile(engine);
  using Use = void (*)(Table&, Slot);
  constexpr Use kUses[] = {
      [](Table&, Slot) {},
      [](Table& t, Slot f) { t.set(7, f); },
      [](Table& t, Slot f) { EXPECT_EQ(t.get(kAt + 1), f); },
      [](Table& t, Slot) { t.set(kAt + 1, 0); },
      [](Table& t, Slot f) {
        for (uint64_t i = 0; i < 600; ++i) t.set(i * 8, f);
      },
      [](Table& t, Slot f) { t.set(kSize - 1, f); },
      [](Table& t, Slot f) { std::fill_n(t.elems() + 50, 3, f); },
      [](Table& t, Slot f) { t.elems()[kAt] = t.elems()[3] = f; },
      [](Table& t, Slot f) {
        t.set(9, f);
        EXPECT_EQ(t.grow(900, f), int64_t{kSize});
        t.set(kSize + 800, f);
      },
      [](Table& t, Slot f) {
        EXPECT_EQ(t.grow(900, 0), int64_t{kSize});
        t.set(kSize + 800, f);
      },
  };
  for (int round = 0; round < 2; ++round) {
    for (const Use use : kUses) {
      for (const bool uses : {true, false}) {
        Store store(engine);
        const auto made = store.instantiate(module, {});
        ASSERT_TRUE(made);
        Table& table = *(*made)->ctx.tables[0];
        const Slot f = from_func((*made)->func_cell(0));
        if (uses) {
          use(table, f);
          continue;
        }
        ASSERT_EQ(table.size(), uint64_t{kSize});
        const Slot* const raw = table.raw_elems();
        EXPECT_TRUE(std::all_of(raw, raw + kSize, [](Slot s) { return s == 0; }));
        for (uint64_t i = 0; i < kSize; ++i) ASSERT_EQ(table.get(i), i >= kAt && i < kAt + kCount ? f : 0) << i;
        ASSERT_EQ(table.grow(1000, 0), int64_t{kSize});
        for (uint64_t i = kSize; i < kSize + 1000; ++i) ASSERT_EQ(table.get(i), 0u) << i;
      }
    }
  }
}

TEST_F(PoolTest, ExhaustionIsALimitOrNone) {
  const auto fill = [](const std::shared_ptr<Engine>& of, std::vector<std::unique_ptr<Store>>& stores) {
    const Guest g(of);
    for (int i = 0; i < 3; ++i) {
      stores.push_back(std::make_unique<Store>(of));
      auto made = stores.back()->instantiate(g.module_, {});
      if (!made) return made.error().code();
      Guest::expect_new(**made);
    }
    return ErrorCode{};
  };
  PoolConfig pool = places(2);
  std::vector<std::unique_ptr<Store>> stores;
  EXPECT_EQ(fill(pooled(pool), stores), ErrorCode{});
  pool.overflow = false;
  const auto strict = pooled(pool);
  std::vector<std::unique_ptr<Store>> few;
  EXPECT_EQ(fill(strict, few), ErrorCode::pool_exhausted);
  few.pop_back();
  few.pop_back();
  const Guest g(strict);
  Store store(strict);
  Guest::expect_new(g.begin(store));
}

TEST_F(PoolTest, MemoriesGrowToThePoolsLimit) {
  PoolConfig pool = places(2);
  pool.memory_bytes = 4 * kPage;
  for (const BoundsChecks checks : {BoundsChecks::GuardPages, BoundsChecks::Explicit}) {
    const auto limited = pooled(pool, checks);
    const Guest g(limited);
    Store store(limited);
    Memory& memory = *g.begin(store).ctx.mem0;
    EXPECT_EQ(memory.guarded(), checks == BoundsChecks::GuardPages);
    EXPECT_EQ(memory.grow(3), -1);
    EXPECT_EQ(memory.grow(2), 2);
    // One that begins larger is not of the pool.
    const Guest large(limited, 5);
    EXPECT_EQ(large.begin(store).ctx.mem0->grow(5), 5);
  }
}

TEST_F(PoolTest, GuardsLieBetweenPlaces) {
  std::vector<std::unique_ptr<Store>> stores;
  std::vector<uint8_t*> bases;
  for (int i = 0; i < 4; ++i) {
    stores.push_back(std::make_unique<Store>(engine));
    bases.push_back(guest.begin(*stores.back()).ctx.mem0_base);
  }
  std::ranges::sort(bases);
  for (size_t i = 1; i < bases.size(); ++i) {
    EXPECT_GE(bases[i] - bases[i - 1], static_cast<ptrdiff_t>(Memory::kGuardedReservation));
  }
  // Of all addresses that code can form, none is accessible, and each is known to be a memory's.
  for (uint8_t* base : bases) {
    EXPECT_TRUE(accessible(base + 2 * kPage - 1));
    for (uint64_t at : {2 * kPage, 3 * kPage, uint64_t{1} << 31, (uint64_t{1} << 32) + Memory::kGuardBytes}) {
      EXPECT_TRUE(is_memory_fault_address(base + at));
      EXPECT_FALSE(accessible(base + at)) << at;
    }
  }
  EXPECT_FALSE(is_memory_fault_address(&bases));
}

TEST_F(PoolTest, SharedMemoriesAreNeverOfThePool) {
  Builder b;
  b.memory(1, 2);
  b.m->memories[0].type.limits.shared = true;
  auto module = b.compile(engine);
  PoolConfig strict = places(1);
  strict.overflow = false;
  Store store(engine);
  std::vector<uint8_t*> bases;
  for (int i = 0; i < 6; ++i) {  // more than there are places
    auto made = store.instantiate(module, {});
    ASSERT_TRUE(made);
    bases.push_back((*made)->ctx.mem0_base);
  }
}

TEST_F(PoolTest, OnDemandMemoriesBeginLikeTheirModule) {
  const auto plain = fake::engine();
  const Guest g(plain);
  for (int round = 0; round < 3; ++round) {
    Store store(plain);
    Instance& i = g.begin(store);
    Guest::expect_new(i);
    EXPECT_TRUE(i.data_dropped(0));
    write_pages(*i.ctx.mem0, {0, 17});
    Guest::expect_new_growth(i);
    Guest::use_table(i);
  }
}

TEST_F(PoolTest, StacksAndHeapsAreAsNew) {
  uint8_t* heap = nullptr;
  Slot* stack = nullptr;
  for (int round = 0; round < 4; ++round) {
    Store store(engine);
    store.map_stack();
    for (const Slot* p = store.stack_base; p != store.stack_limit; p += 64) ASSERT_EQ(*p, 0u);
    std::memset(store.stack_base, 0xee, 20'000);
    // What lies deeper, in one round only: the others must not find it.
    if (round == 1) std::memset(store.stack_limit - 4096, 0xee, 4096 * sizeof(Slot));
    ASSERT_TRUE(store.heap().ensure());
    const GcSpace& space = store.heap().space();
    for (uint32_t at = GcSpace::kHeapStart; at < GcSpace::kHeapStart + (8u << 20); at += 512) {
      ASSERT_EQ(store.heap().base()[at], 0u);
    }
    EXPECT_EQ(space.bytes_in_use(), 0u);
    for (int i = 0; i < 20'000; ++i) ASSERT_NE(store.heap().alloc_host(0x1111), kNullRef);
    if (round != 0) {
      EXPECT_EQ(store.heap().base(), heap);
      EXPECT_EQ(store.stack_base, stack);
    }
    heap = store.heap().base();
    stack = store.stack_base;
  }
}

TEST_F(PoolTest, StoresThatUseLittleTakeLittle) {
  Store store(engine);
  EXPECT_EQ(store.heap().base(), nullptr);
  EXPECT_EQ(store.stack_base, nullptr);
  EXPECT_EQ(store.native_state, nullptr);
}

TEST_F(PoolTest, FailedInstancesLeaveCleanPlaces) {
  const Guest failing(engine, 2, 50);  // its elements lie beyond the table
  for (int round = 0; round < 6; ++round) {
    Store store(engine);
    auto made = store.instantiate(failing.module_, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), ErrorCode::out_of_bounds_table_access);
    // Elements come before data: functions of this instance may be in the tables of others and look.
    Memory& memory = *store.instances()[0]->ctx.mem0;
    EXPECT_TRUE(std::all_of(memory.base(), memory.base() + 2 * kPage, [](uint8_t b) { return b == 0; }));
    write_pages(memory, {0, 17});
    Guest::expect_new(guest.begin(store));
  }
}

TEST_F(PoolTest, WhatABurstNeededGoes) {
  constexpr uint64_t kMany = 40;
  engine = pooled(places(64));
  const Guest many(engine);
  const auto burst = [&](uint64_t count) {
    std::vector<std::unique_ptr<Store>> stores;
    for (uint64_t i = 0; i < count; ++i) {
      Store& store = *stores.emplace_back(std::make_unique<Store>(engine));
      Instance& instance = many.begin(store);
      Guest::expect_new(instance);
      write_pages(*instance.ctx.mem0, {0, 3, 17 + i % 10});
      Guest::use_table(instance);
      store.map_stack();
      EXPECT_TRUE(store.heap().ensure());
    }
  };
  burst(kMany);
  EXPECT_EQ(engine->idle().stacks.size(), kMany);
  EXPECT_EQ(engine->trim_idle(), 0u) << "all of it was needed since the last time";
  burst(2);
  EXPECT_EQ(engine->idle().stacks.size(), kMany);
  const uint64_t gone = engine->trim_idle();
  EXPECT_LE(engine->idle().stacks.size(), 8u);
  EXPECT_EQ(engine->idle().stacks.size(), engine->idle().gc_spaces.size());
  EXPECT_EQ(many.module_->idle_instances().size(), engine->idle().stacks.size());
  // Stacks, heaps, instances and places.
  EXPECT_EQ(gone, 4 * (kMany - engine->idle().stacks.size()));
  burst(2);
  EXPECT_EQ(engine->trim_idle(), 0u) << "so few stay";
  burst(kMany);
  burst(64);
}

TEST_F(PoolTest, TrimmingBesideStores) {
  engine = pooled(places(32));
  const Guest guest(engine);
  std::atomic<bool> done{false};
  std::thread trimmer([&] {
    while (!done) engine->trim_idle();
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 60; ++round) {
        std::vector<std::unique_ptr<Store>> stores;
        for (int i = 0; i < 8; ++i) {
          Instance& instance = guest.begin(*stores.emplace_back(std::make_unique<Store>(engine)));
          Guest::expect_new(instance);
          write_pages(*instance.ctx.mem0, {1, 17});
        }
        const Guest other(engine, 3);
        Guest::expect_new(other.begin(*stores.emplace_back(std::make_unique<Store>(engine))));
        stores.clear();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  done = true;
  trimmer.join();
}

TEST_F(PoolTest, ManyThreads) {
  engine = pooled(places(6));
  const Guest first(engine);
  const Guest second(engine, 3);
  const auto work = [&](uint64_t seed) {
    for (uint64_t round = 0; round < 60; ++round) {
      Store store(engine);
      const Guest& g = (round + seed) % 3 == 0 ? second : first;
      Instance& i = g.begin(store);
      Guest::expect_new(i);
      std::memset(i.ctx.mem0_base + (round * 7 + seed) % 30 * 4096, static_cast<int>(seed) + 1, 4096);
      if (round % 4 == 0 && i.ctx.mem0->grow(1) >= 0) i.ctx.mem0_base[i.ctx.mem0->byte_size() - 1] = 9;
      Guest::use_table(i);
      if (round % 8 == 0) store.interrupt("from " + std::to_string(seed));
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace ashlar::runtime
