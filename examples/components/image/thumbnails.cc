// tech:image/thumbnails in C++: a component that calls another one, whatever that is written in.
#include <algorithm>

#include "gallery.h"

namespace gallery::exports::tech::image::thumbnails {

namespace transforms = ::gallery::tech::image::transforms;

std::expected<Image, std::string> thumbnail(Image source, uint32_t side) {
  if (side == 0 || source.width == 0 || source.height == 0) return std::unexpected("there is nothing to see");
  const double scale = std::min(1.0, static_cast<double>(side) / std::max(source.width, source.height));
  const auto scaled = [&](uint32_t length) { return std::max(1u, static_cast<uint32_t>(length * scale + 0.5)); };
  std::expected<Image, std::string> small = transforms::resize(
      source, scaled(source.width), scaled(source.height),
      {transforms::ResizeMode{std::variant<std::monostate, std::monostate, float>(std::in_place_index<1>)}});
  if (!small) return small;
  return transforms::grayscale(*small);
}

}  // namespace gallery::exports::tech::image::thumbnails
