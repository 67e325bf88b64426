// The compiler program's work, inside the library so that the program itself is nothing but a call.
#pragma once

/// Does what the arguments ask (native/compiler_protocol.h) and returns the exit code.
extern "C" __attribute__((visibility("default"))) int ashlar_llvm_main(int argc, char** argv);
