// What C programs grant to WASI programs.
#pragma once

#include <string>
#include <vector>

#include "api/access.h"
#include "ashlar.h"

struct ashlar_wasi_config_t {
  ashlar::v0::WasiConfig config;
  std::vector<std::string> args;
};
