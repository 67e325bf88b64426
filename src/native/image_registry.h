// Which image holds an address: a table of all images of the process that a signal handler may read; private to native.
#pragma once

#include <cstdint>

namespace ashlar::native {

class Image;

/// Makes find_image find `image` for addresses in [begin, end).
void register_image(const Image* image, const void* begin, const void* end);
/// Must be called before the code goes; nothing may run in it then.
void unregister_image(const Image* image);
/// How many images have gone: what was learnt of any image at an earlier number may be of one that is no longer there.
uint64_t images_gone();

}  // namespace ashlar::native
