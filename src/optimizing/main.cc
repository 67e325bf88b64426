// The compiler program `ashlar-llvm`, which the command starts when something must be compiled.
#include "optimizing/helper.h"

int main(int argc, char** argv) { return ashlar_llvm_main(argc, argv); }
