// Fills and queries an SQLite database in memory: prepared inserts, an index, joins, groups, updates; prints sums over
// the answers.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

// SQLite is built with SQLITE_OS_OTHER: this is all of the operating system that a database in memory needs.

static int open_nothing(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  (void)vfs, (void)name, (void)file, (void)flags, (void)out_flags;
  return SQLITE_CANTOPEN;
}

static int delete_nothing(sqlite3_vfs* vfs, const char* name, int sync) {
  (void)vfs, (void)name, (void)sync;
  return SQLITE_OK;
}

static int access_nothing(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  (void)vfs, (void)name, (void)flags;
  *result = 0;
  return SQLITE_OK;
}

static int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  (void)vfs;
  snprintf(out, (size_t)size, "%s", name);
  return SQLITE_OK;
}

static int not_random(sqlite3_vfs* vfs, int size, char* out) {
  (void)vfs;
  memset(out, 7, (size_t)size);
  return size;
}

static int sleep_never(sqlite3_vfs* vfs, int microseconds) {
  (void)vfs;
  return microseconds;
}

static int always_noon(sqlite3_vfs* vfs, double* days) {
  (void)vfs;
  *days = 2461000;
  return SQLITE_OK;
}

int sqlite3_os_init(void) {
  static sqlite3_vfs vfs = {.iVersion = 1,
                            .szOsFile = sizeof(sqlite3_file),
                            .mxPathname = 64,
                            .zName = "none",
                            .xOpen = open_nothing,
                            .xDelete = delete_nothing,
                            .xAccess = access_nothing,
                            .xFullPathname = full_path,
                            .xRandomness = not_random,
                            .xSleep = sleep_never,
                            .xCurrentTime = always_noon};
  return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void) { return SQLITE_OK; }

static sqlite3* db;

static void check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  printf("sqlite: %d %s\n", code, db ? sqlite3_errmsg(db) : "");
  exit(1);
}

static void run(const char* sql) { check(sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static sqlite3_stmt* prepare(const char* sql) {
  sqlite3_stmt* statement = NULL;
  check(sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
  return statement;
}

static uint32_t hash = 2166136261u;

static void hash_rows(const char* sql) {
  sqlite3_stmt* statement = prepare(sql);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int column = 0; column < sqlite3_column_count(statement); column++) {
      const unsigned char* text = sqlite3_column_text(statement, column);
      for (; text && *text; text++) hash = (hash ^ *text) * 16777619u;
    }
  }
  check(sqlite3_finalize(statement));
}

static void fill(int rows) {
  run("create table person(id integer primary key, name text, age int, city int)");
  run("create table city(id integer primary key, name text)");
  run("begin");
  sqlite3_stmt* statement = prepare("insert into person values(?, ?, ?, ?)");
  uint32_t seed = 99;
  for (int i = 0; i < rows; i++) {
    char name[32];
    seed = seed * 1664525u + 1013904223u;
    snprintf(name, sizeof name, "name-%05x", seed >> 12 & 0xfffff);
    check(sqlite3_bind_int(statement, 1, i));
    check(sqlite3_bind_text(statement, 2, name, -1, SQLITE_TRANSIENT));
    check(sqlite3_bind_int(statement, 3, (int)(seed >> 8 & 0xff) % 90));
    check(sqlite3_bind_int(statement, 4, (int)(seed >> 16) % 100));
    check(sqlite3_step(statement));
    check(sqlite3_reset(statement));
  }
  check(sqlite3_finalize(statement));
  run("with recursive n(i) as (select 0 union all select i + 1 from n where i < 99) "
      "insert into city select i, 'city ' || i from n");
  run("commit");
}

int main(int argc, char** argv) {
  int rows = argc > 1 ? atoi(argv[1]) : 30000;
  check(sqlite3_open(":memory:", &db));
  fill(rows);
  run("create index by_name on person(name)");
  hash_rows("select count(*), sum(age), min(name), max(name) from person");
  hash_rows(
      "select city.name, count(*), avg(age) from person join city on city.id = person.city group by city.id order by 3 "
      "desc, 1");
  hash_rows("select name, age from person where name like 'name-7%' order by name, id");
  run("update person set age = age + 1 where city % 3 = 0");
  sqlite3_stmt* find = prepare("select id from person where name = (select name from person where id = ?)");
  for (int i = 0; i < rows; i += 2) {
    check(sqlite3_bind_int(find, 1, i));
    while (sqlite3_step(find) == SQLITE_ROW) hash = (hash ^ (uint32_t)sqlite3_column_int(find, 0)) * 16777619u;
    check(sqlite3_reset(find));
  }
  check(sqlite3_finalize(find));
  run("delete from person where age > 60");
  hash_rows(
      "select age, count(*), group_concat(substr(name, 6, 2)) from person where city < 20 group by age order by age");
  printf("sqlite %08x\n", hash);
  sqlite3_close(db);
  return 0;
}
