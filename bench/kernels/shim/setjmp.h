// Stands in for the header that the WASI libc lacks: Lua includes it, and is built so that it never jumps.
#pragma once
