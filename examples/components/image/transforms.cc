// tech:image/transforms in C++: what `ashlar bindgen cpp --guest --world processor` wants defined.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "processor.h"

namespace processor::exports::tech::image::transforms {

namespace {

constexpr uint32_t kMostPixels = 64u << 20;

uint32_t channels(ImageFormat format) {
  switch (format) {
    case ImageFormat::gray:
      return 1;
    case ImageFormat::rgb:
      return 3;
    case ImageFormat::rgba:
      return 4;
  }
  return 0;
}

/// Why it is no image; empty when it is one.
std::string problem(const Image& image) {
  const uint64_t pixels = uint64_t{image.width} * image.height;
  const uint64_t bytes = pixels * channels(image.format);
  if (pixels == 0 || pixels > kMostPixels) return "the image has " + std::to_string(pixels) + " pixels";
  if (bytes != image.pixels.size()) {
    return "the image has " + std::to_string(image.pixels.size()) + " bytes, not " + std::to_string(bytes);
  }
  return {};
}

/// The weight of a pixel at a distance.
using Kernel = float (*)(float distance, float sharp);

float tent(float distance, float) { return std::max(0.0f, 1.0f - distance); }
/// Keys' family of cubic curves; a = -sharp.
float cubic(float d, float sharp) {
  if (d < 1) return (2 - sharp) * d * d * d + (sharp - 3) * d * d + 1;
  if (d < 2) return sharp * (-d * d * d + 5 * d * d - 8 * d + 4);
  return 0;
}

struct Filter {
  Kernel kernel;
  float reach;
  float sharp;
};

/// For each position of the target which positions of the source count, and how much.
struct Taps {
  uint32_t first;
  std::vector<float> weights;
};

std::vector<Taps> taps(uint32_t from, uint32_t to, const Filter& filter) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  // What shrinks looks at all pixels that become one.
  const float wide = std::max(1.0f, scale);
  std::vector<Taps> out(to);
  for (uint32_t i = 0; i < to; ++i) {
    const float center = (static_cast<float>(i) + 0.5f) * scale - 0.5f;
    const int low = static_cast<int>(std::floor(center - filter.reach * wide));
    const int high = static_cast<int>(std::ceil(center + filter.reach * wide));
    Taps& t = out[i];
    t.first = static_cast<uint32_t>(std::clamp(low, 0, static_cast<int>(from) - 1));
    const int last = std::clamp(high, 0, static_cast<int>(from) - 1);
    float sum = 0;
    t.weights.resize(static_cast<uint32_t>(last) - t.first + 1);
    for (int at = low; at <= high; ++at) {
      const float weight = filter.kernel(std::abs(static_cast<float>(at) - center) / wide, filter.sharp);
      // What lies outside is as the border.
      t.weights[static_cast<uint32_t>(std::clamp(at, 0, static_cast<int>(from) - 1)) - t.first] += weight;
      sum += weight;
    }
    for (float& weight : t.weights) weight /= sum;
  }
  return out;
}

uint8_t to_byte(float v) { return static_cast<uint8_t>(std::clamp(std::lround(v), 0l, 255l)); }

Image resample(const Image& source, uint32_t width, uint32_t height, const Filter& filter) {
  const uint32_t n = channels(source.format);
  const std::vector<Taps> across = taps(source.width, width, filter);
  const std::vector<Taps> down = taps(source.height, height, filter);
  std::vector<float> rows(size_t{width} * source.height * n);
  for (uint32_t y = 0; y < source.height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (uint32_t c = 0; c < n; ++c) {
        float sum = 0;
        for (size_t k = 0; k < across[x].weights.size(); ++k) {
          sum += across[x].weights[k] * source.pixels[(size_t{y} * source.width + across[x].first + k) * n + c];
        }
        rows[(size_t{y} * width + x) * n + c] = sum;
      }
    }
  }
  Image out{width, height, source.format, std::vector<uint8_t>(size_t{width} * height * n)};
  const size_t row = size_t{width} * n;
  for (uint32_t y = 0; y < height; ++y) {
    for (size_t i = 0; i < row; ++i) {
      float sum = 0;
      for (size_t k = 0; k < down[y].weights.size(); ++k)
        sum += down[y].weights[k] * rows[(down[y].first + k) * row + i];
      out.pixels[y * row + i] = to_byte(sum);
    }
  }
  return out;
}

/// The source's pixels that lie nearest to the target's.
Image nearest(const Image& source, uint32_t width, uint32_t height) {
  const uint32_t n = channels(source.format);
  Image out{width, height, source.format, {}};
  out.pixels.reserve(size_t{width} * height * n);
  for (uint32_t y = 0; y < height; ++y) {
    const uint32_t from_y = static_cast<uint32_t>((uint64_t{y} * 2 + 1) * source.height / (uint64_t{height} * 2));
    for (uint32_t x = 0; x < width; ++x) {
      const uint32_t from_x = static_cast<uint32_t>((uint64_t{x} * 2 + 1) * source.width / (uint64_t{width} * 2));
      const auto at = source.pixels.begin() + static_cast<ptrdiff_t>((size_t{from_y} * source.width + from_x) * n);
      out.pixels.insert(out.pixels.end(), at, at + n);
    }
  }
  return out;
}

Image to_gray(Image source) {
  const uint32_t n = channels(source.format);
  if (n == 1) return source;
  Image out{source.width, source.height, ImageFormat::gray, {}};
  out.pixels.reserve(size_t{source.width} * source.height);
  for (size_t i = 0; i < source.pixels.size(); i += n) {
    // Rec. 601's luma, in 1/256.
    const uint32_t luma = 77u * source.pixels[i] + 150u * source.pixels[i + 1] + 29u * source.pixels[i + 2];
    out.pixels.push_back(static_cast<uint8_t>((luma + 128) >> 8));
  }
  return out;
}

}  // namespace

std::expected<Image, std::string> resize(Image source, uint32_t width, uint32_t height, ResizeMode mode) {
  if (std::string wrong = problem(source); !wrong.empty()) return std::unexpected(std::move(wrong));
  if (width == 0 || height == 0 || uint64_t{width} * height > kMostPixels) {
    return std::unexpected("cannot make an image of " + std::to_string(width) + " x " + std::to_string(height));
  }
  switch (mode.value.index()) {
    case ResizeMode::kNearest:
      return nearest(source, width, height);
    case ResizeMode::kBilinear:
      return resample(source, width, height, {tent, 1, 0});
    default: {
      const float sharp = std::get<ResizeMode::kBicubic>(mode.value);
      if (!(sharp >= 0 && sharp <= 1)) return std::unexpected("bicubic takes a sharpness from 0 to 1");
      return resample(source, width, height, {cubic, 2, sharp});
    }
  }
}

std::expected<Image, std::string> grayscale(Image source) {
  if (std::string wrong = problem(source); !wrong.empty()) return std::unexpected(std::move(wrong));
  return to_gray(std::move(source));
}

std::expected<Image, std::string> detect_edges(Image source) {
  if (std::string wrong = problem(source); !wrong.empty()) return std::unexpected(std::move(wrong));
  const Image gray = to_gray(std::move(source));
  const auto at = [&](int64_t x, int64_t y) -> int {
    x = std::clamp<int64_t>(x, 0, gray.width - 1);
    y = std::clamp<int64_t>(y, 0, gray.height - 1);
    return gray.pixels[static_cast<size_t>(y * gray.width + x)];
  };
  Image out{gray.width, gray.height, ImageFormat::gray, std::vector<uint8_t>(gray.pixels.size())};
  for (int64_t y = 0; y < gray.height; ++y) {
    for (int64_t x = 0; x < gray.width; ++x) {
      const int across = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1) - at(x - 1, y - 1) - 2 * at(x - 1, y) -
                         at(x - 1, y + 1);
      const int down = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1) - at(x - 1, y - 1) - 2 * at(x, y - 1) -
                       at(x + 1, y - 1);
      const float strength = std::sqrt(static_cast<float>(across * across + down * down));
      out.pixels[static_cast<size_t>(y * gray.width + x)] = to_byte(strength);
    }
  }
  return out;
}

}  // namespace processor::exports::tech::image::transforms
