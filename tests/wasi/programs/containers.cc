// Words of the input counted with streams; containers, queues, and objects with virtual functions.
#include <algorithm>
#include <deque>
#include <functional>
#include <iomanip>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

void words() {
  std::unordered_map<std::string, int> counts;
  for (std::string word; std::cin >> word;) ++counts[word];
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::ranges::sort(sorted,
                    [](auto& a, auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
  for (size_t i = 0; i < 3; ++i) std::cout << std::setw(10) << sorted[i].first << ' ' << sorted[i].second << '\n';
}

void random_trees() {
  std::mt19937_64 random(42);
  std::map<uint64_t, uint64_t> tree;
  std::set<std::string> names;
  for (int i = 0; i < 50000; ++i) tree[random() % 20011] ^= random();
  uint64_t sum = 0;
  for (auto& [key, value] : tree) sum = sum * 31 + (key ^ value);
  for (int i = 0; i < 2000; ++i) names.insert(std::to_string(random() % 1000));
  std::cout << tree.size() << ' ' << std::hex << sum << std::dec << ' ' << names.size() << ' ' << *names.rbegin()
            << '\n';
}

void queues() {
  std::priority_queue<int, std::vector<int>, std::greater<>> heap;
  std::deque<int> deque;
  for (int i = 0; i < 10000; ++i) heap.push(i * 7919 % 10007);
  while (!heap.empty()) {
    heap.top() % 2 ? deque.push_back(heap.top()) : deque.push_front(heap.top());
    heap.pop();
  }
  std::list<int> list(deque.begin(), deque.end());
  list.sort();
  list.unique();
  std::cout << deque.front() << ' ' << deque.back() << ' ' << std::accumulate(list.begin(), list.end(), 0LL) << '\n';
}

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct Square : Shape {
  double side;
  explicit Square(double s) : side(s) {}
  double area() const override { return side * side; }
};
struct Circle : Shape {
  double radius;
  explicit Circle(double r) : radius(r) {}
  double area() const override { return 3.14159265358979 * radius * radius; }
};

void objects() {
  std::vector<std::unique_ptr<Shape>> shapes;
  for (int i = 1; i <= 100; ++i) {
    if (i % 3)
      shapes.push_back(std::make_unique<Square>(i * .5));
    else
      shapes.push_back(std::make_unique<Circle>(i * .25));
  }
  double total = 0;
  for (auto& shape : shapes) total += shape->area();
  std::variant<int, std::string> value = std::string("variant");
  std::ostringstream out;
  out << std::fixed << std::setprecision(6) << total << ' ' << std::scientific << total << ' '
      << std::get<std::string>(value) << ' ' << std::boolalpha << (dynamic_cast<Circle*>(shapes[2].get()) != nullptr);
  std::cout << out.str() << '\n';
}

}  // namespace

int main() {
  words();
  random_trees();
  queues();
  objects();
}
