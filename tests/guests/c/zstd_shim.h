// What zstd's command asks of POSIX and this C library has not: owners and modes of files.
#pragma once

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define chmod(path, mode) ((void)(path), (void)(mode), 0)
#define fchmod(file, mode) ((void)(file), (void)(mode), 0)
#define chown(path, user, group) ((void)(path), (void)(user), (void)(group), 0)
#define fchown(file, user, group) ((void)(file), (void)(user), (void)(group), 0)
#define umask(mode) ((void)(mode), (mode_t)0)
