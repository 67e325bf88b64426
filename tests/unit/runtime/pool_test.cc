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
  engine = pooled(pool);
  guest = Guest(engine);
  for (int round = 0; round < 3; ++round) {
    run([](Instance& i) { write_pages(*i.ctx.mem0, {0, 5, 9, 17, 30}); });
    run([](Instance& i) { write_pages(*i.ctx.mem0, {5}); });
  }
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
