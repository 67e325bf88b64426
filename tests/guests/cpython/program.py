# What the guest runs: modules of the standard library in C and in Python, exceptions, generators, files, big integers.
import collections, dataclasses, decimal, fractions, hashlib, itertools, json, math, re, sys, textwrap


@dataclasses.dataclass(order=True)
class Version:
    major: int
    minor: int = 0

    @classmethod
    def parse(cls, text):
        match = re.fullmatch(r"(\d+)(?:\.(\d+))?", text)
        if not match:
            raise ValueError(f"not a version: {text!r}")
        return cls(*(int(group or 0) for group in match.groups()))


def primes():
    found = []
    for n in itertools.count(2):
        if all(n % p for p in itertools.takewhile(lambda p: p * p <= n, found)):
            found.append(n)
            yield n


print(sys.version_info[:2], sys.platform, sys.argv[1:])
print(sorted(map(Version.parse, ["3.11", "2", "3.9"])))
try:
    Version.parse("three")
except ValueError as error:
    print("caught:", error)
print(sum(itertools.islice(primes(), 2000)))
print(math.factorial(100) % 10**20, pow(3, 10**18, 998244353), len(str(2**10000)))
text = open("/work/LICENSE").read()
words = collections.Counter(re.findall(r"[A-Za-z]+", text.lower()))
print(words.most_common(3), hashlib.sha256(text.encode()).hexdigest()[:16])
data = {"ints": list(range(5)), "nested": {"pi": math.pi, "none": None}, "text": "naïve ☃"}
assert json.loads(json.dumps(data)) == data
print(json.dumps(data, sort_keys=True))
decimal.getcontext().prec = 40
print(decimal.Decimal(2).sqrt(), fractions.Fraction(3, 7) + fractions.Fraction(1, 3))
print(textwrap.fill("the quick brown fox jumps over the lazy dog " * 2, 30))
try:
    (lambda f: f(f))(lambda f: f(f))
except RecursionError:
    print("recursion ends")
