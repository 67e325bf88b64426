// C++'s library beyond containers: charconv, string_view, optional, variant, span, ranges, random, chrono, coroutines,
// streams.
#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <chrono>
#include <complex>
#include <coroutine>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <ranges>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

template <class T>
struct Generator {
  struct promise_type {
    T value{};
    Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T next) {
      value = next;
      return {};
    }
    void return_void() {}
    void unhandled_exception() {}
  };
  explicit Generator(std::coroutine_handle<promise_type> h) : handle(h) {}
  Generator(const Generator&) = delete;
  Generator(Generator&& other) noexcept : handle(std::exchange(other.handle, {})) {}
  ~Generator() {
    if (handle) handle.destroy();
  }
  std::optional<T> next() {
    handle.resume();
    if (handle.done()) return std::nullopt;
    return handle.promise().value;
  }
  std::coroutine_handle<promise_type> handle;
};

Generator<uint64_t> fibonacci(int count) {
  uint64_t a = 0, b = 1;
  for (int i = 0; i < count; ++i) {
    co_yield a;
    a = std::exchange(b, a + b);
  }
}

struct Leaf {
  int value;
};
struct Node;
using Tree = std::variant<Leaf, std::unique_ptr<Node>>;
struct Node {
  Tree left, right;
  char operation;
};
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

Tree random_tree(std::mt19937& random, int depth) {
  if (depth == 0 || random() % 5 == 0) return Leaf{static_cast<int>(random() % 100)};
  auto node = std::make_unique<Node>();
  node->left = random_tree(random, depth - 1);
  node->right = random_tree(random, depth - 1);
  node->operation = "+-*"[random() % 3];
  return node;
}
uint32_t evaluate(const Tree& tree) {
  return std::visit(Overloaded{[](const Leaf& leaf) { return static_cast<uint32_t>(leaf.value); },
                               [](const std::unique_ptr<Node>& node) {
                                 const uint32_t a = evaluate(node->left), b = evaluate(node->right);
                                 return node->operation == '+' ? a + b : node->operation == '-' ? a - b : a * b;
                               }},
                    tree);
}

struct Base {
  virtual ~Base() = default;
  virtual int id() const { return 1; }
};
struct Other {
  int padding = 77;
  virtual ~Other() = default;
  virtual int other() const { return padding; }
};
struct Both : Base, virtual Other {
  int id() const override { return 2; }
  int other() const override { return Other::other() + 1; }
};

void numbers() {
  std::string text;
  for (double value : {0.1, 1e300, -2.5, 1.0 / 3, 5e-324, 123456.789}) {
    std::array<char, 64> buffer{};
    auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    text.append(buffer.data(), end).append(" ");
  }
  int parsed = 0;
  std::string_view digits = "-1234xyz";
  auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  std::cout << text << parsed << ' ' << rest << ' ' << std::bitset<12>(0xabc) << ' ' << std::hex << std::showbase << 255
            << std::dec << ' ' << std::setprecision(12) << std::complex<double>(-4, .5) * std::complex<double>(1.5, 2)
            << '\n';
}

void ranges() {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), -50);
  auto picked = values | std::views::filter([](int v) { return v % 3 == 0; }) |
                std::views::transform([](int v) { return v * v; }) | std::views::reverse | std::views::take(7);
  for (int v : picked) std::cout << v << ' ';
  std::mt19937 random(5);
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random() % i]);
  std::ranges::nth_element(values, values.begin() + 50);
  std::cout << values[50] << ' ' << std::accumulate(values.begin(), values.begin() + 50, 0) << ' ';
  std::ranges::partial_sort(values, values.begin() + 10);
  std::ranges::stable_partition(values, [](int v) { return v & 1; });
  std::cout << std::ranges::is_sorted(values) << ' ' << *std::ranges::max_element(values) << ' '
            << std::ranges::count_if(std::span(values).first(30), [](int v) { return v > 0; }) << '\n';
}

void text() {
  std::map<std::string, std::vector<int>, std::less<>> index;
  std::string line;
  int number = 0;
  while (std::getline(std::cin, line)) {
    ++number;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      index[word].push_back(number);
    }
  }
  for (std::string_view word : {"license", "the", "copyright", "none"}) {
    const auto at = index.find(word);
    std::cout << word << ':';
    if (at != index.end())
      for (int where : at->second) std::cout << ' ' << where;
    std::cout << '\n';
  }
  std::string big;
  for (auto& [word, lines] : index) big.insert(big.size() / 2, word + std::to_string(lines.size()));
  std::cout << index.size() << ' ' << big.size() << ' ' << big.substr(100, 60) << ' ' << big.rfind("and") << '\n';
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  numbers();
  ranges();
  auto sequence = fibonacci(90);
  uint64_t last = 0;
  while (auto value = sequence.next()) last = *value;
  std::mt19937 random(2024);
  uint32_t sum = 0;
  for (int i = 0; i < 50; ++i) sum = sum * 31 + evaluate(random_tree(random, 10));
  std::cout << last << ' ' << sum << '\n';
  std::unique_ptr<Base> object = std::make_unique<Both>();
  const auto* other = dynamic_cast<Other*>(object.get());
  std::cout << object->id() << ' ' << other->other() << ' ' << (dynamic_cast<const Both*>(other) == object.get())
            << '\n';
  using namespace std::chrono;
  const auto day = sys_days{year{2024} / February / 29} + days{366};
  std::cout << (year_month_day{day} == year{2025} / March / 1) << ' ' << duration_cast<milliseconds>(3min + 7s).count()
            << '\n';
  text();
  return 3;
}
