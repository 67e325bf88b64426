// A host that reads a PNG, has a component transform it, and writes a PNG.
//
//   image PROCESSOR.wasm resize IN.png OUT.png WIDTH HEIGHT nearest|bilinear|bicubic
//   image PROCESSOR.wasm grayscale|detect-edges IN.png OUT.png
//   image PROCESSOR.wasm thumbnail IN.png OUT.png GALLERY.wasm SIDE     (GALLERY calls PROCESSOR)
#include <png.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "gallery.h"
#include "processor.h"

namespace transforms = processor::exports::tech::image::transforms;
namespace thumbnails = gallery::exports::tech::image::thumbnails;
using transforms::Image;
using transforms::ImageFormat;

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "image: %s\n", what.c_str());
  std::exit(1);
}

/// What a call or a lookup gave; the program ends where it failed.
template <class T>
T need(ashlar::Result<T> result) {
  if (!result) fail(result.error().to_string());
  return std::move(*result);
}
/// The same for what the guest says.
template <class T>
T need_image(ashlar::Result<std::expected<T, std::string>> called) {
  std::expected<T, std::string> result = need(std::move(called));
  if (!result) fail(result.error());
  return std::move(*result);
}

Image read_png(const char* path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&png, path) == 0) fail(std::string(path) + ": " + png.message);
  const bool color = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
  const bool alpha = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  Image out{png.width, png.height, alpha ? ImageFormat::rgba : color ? ImageFormat::rgb : ImageFormat::gray, {}};
  png.format = alpha ? PNG_FORMAT_RGBA : color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  out.pixels.resize(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, out.pixels.data(), 0, nullptr) == 0)
    fail(std::string(path) + ": " + png.message);
  return out;
}

void write_png(const char* path, const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = image.width;
  png.height = image.height;
  png.format = image.format == ImageFormat::gray  ? PNG_FORMAT_GRAY
               : image.format == ImageFormat::rgb ? PNG_FORMAT_RGB
                                                  : PNG_FORMAT_RGBA;
  if (image.pixels.size() != PNG_IMAGE_SIZE(png)) fail("the component gave an image of another size than it says");
  if (png_image_write_to_file(&png, path, 0, image.pixels.data(), 0, nullptr) == 0) {
    fail(std::string(path) + ": " + png.message);
  }
}

transforms::ResizeMode mode_of(const std::string& name) {
  transforms::ResizeMode out;
  if (name == "nearest") {
    out.value.emplace<transforms::ResizeMode::kNearest>();
  } else if (name == "bilinear") {
    out.value.emplace<transforms::ResizeMode::kBilinear>();
  } else if (name == "bicubic") {
    out.value.emplace<transforms::ResizeMode::kBicubic>(0.5f);
  } else {
    fail("no such mode: " + name);
  }
  return out;
}

uint32_t number(const char* text) { return static_cast<uint32_t>(std::strtoul(text, nullptr, 10)); }

/// A second component, whose import is what the first one exports.
Image thumbnail(const ashlar::Engine& engine, ashlar::Store& store, const ashlar::ComponentInstance& processor,
                const char* path, const Image& image, uint32_t side) {
  ashlar::ComponentLinker linker;
  if (ashlar::Status given = linker.define_instance(transforms::kName, processor); !given) {
    fail(given.error().to_string());
  }
  const auto gallery = need(linker.instantiate(store, need(ashlar::Component::from_file(engine, path))));
  const auto functions = need(thumbnails::Thumbnails::find(gallery));
  // The other component has an image type of its own.
  const thumbnails::Image source{image.width, image.height,
                                 static_cast<decltype(thumbnails::Image::format)>(image.format), image.pixels};
  thumbnails::Image small = need_image(functions.thumbnail(source, side));
  return {small.width, small.height, static_cast<ImageFormat>(small.format), std::move(small.pixels)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) fail("usage: image PROCESSOR.wasm resize|grayscale|detect-edges|thumbnail IN.png OUT.png ...");
  const std::string what = argv[2];
  const Image source = read_png(argv[3]);

  ashlar::Engine engine;
  ashlar::Store store(engine);
  ashlar::ComponentLinker linker;
  // Rust's library imports WASI: it gets no more than the standard streams.
  linker.define_wasi();
  const auto instance = need(linker.instantiate(store, need(ashlar::Component::from_file(engine, argv[1]))));
  const auto processor = need(transforms::Transforms::find(instance));

  Image result;
  if (what == "resize" && argc == 8) {
    result = need_image(processor.resize(source, number(argv[5]), number(argv[6]), mode_of(argv[7])));
  } else if (what == "grayscale") {
    result = need_image(processor.grayscale(source));
  } else if (what == "detect-edges") {
    result = need_image(processor.detect_edges(source));
  } else if (what == "thumbnail" && argc == 7) {
    result = thumbnail(engine, store, instance, argv[5], source, number(argv[6]));
  } else {
    fail("not understood: " + what);
  }
  write_png(argv[4], result);
  return 0;
}
