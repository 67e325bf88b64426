// What the editor offers plugins, and what it wants of them.
#pragma once

#define IMPORT(name) __attribute__((import_module("editor"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef __SIZE_TYPE__ size_t;

// Replaces the selected text.
IMPORT("replace") void editor_replace(const char* text, size_t length);
// Shows a line below the text.
IMPORT("status") void editor_status(const char* text, size_t length);

// Room for what the editor passes: given back as a whole when the command is done.
static char g_room[32768];
static size_t g_used;
EXPORT("malloc") void* room(size_t size) {
  if (size > sizeof g_room - g_used) return 0;
  void* out = g_room + g_used;
  g_used += (size + 7) & ~(size_t)7;
  return out;
}
EXPORT("free") void give_back(void* p) {
  (void)p;
  g_used = 0;
}

// The plugin's command: what it does with the selected text. 0 when it could be done.
EXPORT("run") int run(const char* text, size_t length);
