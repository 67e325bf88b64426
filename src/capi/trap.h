// Frames of the C API.
#pragma once

#include <memory>
#include <string>

#include "capi/refs.h"

struct wasm_frame_t {
  wasm_frame_t() = default;
  wasm_frame_t(const wasm_frame_t& o)
      : instance(wasm_instance_copy(o.instance.get())),
        func(o.func),
        func_offset(o.func_offset),
        module_offset(o.module_offset),
        func_name(o.func_name),
        module_name(o.module_name) {}
  wasm_frame_t& operator=(const wasm_frame_t&) = delete;
  std::unique_ptr<wasm_instance_t> instance;  ///< null: one of several, or gone
  uint32_t func = 0;
  size_t func_offset = 0;
  size_t module_offset = 0;
  std::string func_name;
  std::string module_name;
};
