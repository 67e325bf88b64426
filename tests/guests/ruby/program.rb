# What the guest runs: blocks, classes, exceptions, fibers, pattern matching, big integers, regular expressions, files.
Point = Struct.new(:x, :y) do
  def +(other) = Point.new(x + other.x, y + other.y)
end

def fibonacci = Enumerator.new { |y| a, b = 0, 1; loop { y << a; a, b = b, a + b } }

puts "#{RUBY_ENGINE} #{RUBY_PLATFORM}"
puts [1, 2, 3].map { |n| n ** 2 }.sum, (Point.new(1, 2) + Point.new(3, 4.5)).to_a.inspect
puts fibonacci.lazy.select(&:even?).first(10).join(" ")
puts 2 ** 200, (1..30).inject(:*), 10.0 / 3, Rational(3, 4) + 1, Complex(1, 2) * Complex(0, 1)
words = File.read("/work/LICENSE").scan(/\w+/).map(&:downcase).tally
puts words.sort_by { |word, count| [-count, word] }.first(3).inspect
begin
  raise ArgumentError, "no good"
rescue => e
  puts "caught: #{e.class}: #{e.message}"
ensure
  puts "ensured"
end
case { name: "x", list: [1, [2, 3]] }
in { name: String => name, list: [Integer => first, [*, last]] }
  puts "#{name} #{first} #{last}"
end
fiber = Fiber.new { |x| 3.times { |i| x = Fiber.yield(x + i) }; :done }
puts [fiber.resume(10), fiber.resume(20), fiber.resume(30), fiber.resume(40)].inspect
puts (1..20000).reduce { |a, b| (a * 31 + b) % 1000003 }
puts "naïve ☃".unicode_normalize(:nfd).length rescue puts "no unicode tables"
puts catch(:found) { 100.times { |i| throw :found, i if i * i > 50 } }
def deep(n) = n.zero? ? 0 : 1 + deep(n - 1)
puts deep(1000)
puts begin; Integer("12x"); rescue ArgumentError => e; e.message; end
GC.start
puts ObjectSpace.count_objects[:TOTAL] > 1000, Time.at(0).utc.strftime("%F %T"), format("%08.3f|%-5s|%+d", 3.14159, "ab", 7)
