// A capsule in C, written against the canonical ABI by hand.
typedef unsigned u32;
typedef unsigned char u8;

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("astrid:guest/host@1.0.0", "log") void host_log(u32 level, const char *text, u32 length);
IMPORT("astrid:guest/host@1.0.0", "open") void host_open(const char *path, u32 length, u32 *result);
IMPORT("astrid:guest/host@1.0.0", "now") void host_now(void *result);
IMPORT("astrid:guest/host@1.0.0", "[constructor]handle") u32 handle_new(const char *name, u32 length);
IMPORT("astrid:guest/host@1.0.0", "[method]handle.read") void handle_read(u32 self, unsigned long long at, u32 length, u32 *result);
IMPORT("astrid:guest/host@1.0.0", "[resource-drop]handle") void handle_drop(u32 self);

static u8 heap[1 << 16];
static u32 used;

EXPORT("cabi_realloc")
void *cabi_realloc(void *old, u32 old_size, u32 align, u32 size) {
  used = (used + align - 1) & ~(align - 1);
  void *p = heap + used;
  used += size;
  return used > sizeof heap ? __builtin_trap(), p : p;
}

static struct { const char *action; u32 length; u8 some; const char *data; u32 data_length; } outcome;

EXPORT("astrid-hook-trigger")
void *trigger(const char *action, u32 length, const u8 *payload, u32 size) {
  u32 area[8];
  host_log(1, action, length);
  host_now(area);
  host_open(action, length, area);
  u32 h = handle_new(action, length);
  handle_read(h, size, length, area);
  handle_drop(h);
  outcome.action = "continue";
  outcome.length = 8;
  outcome.some = 0;
  return &outcome;
}

EXPORT("cabi_post_astrid-hook-trigger")
void trigger_done(void *result) { used = 0; }

EXPORT("run")
void run(void) {}
