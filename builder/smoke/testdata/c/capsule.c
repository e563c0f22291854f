// A capsule in C against the canonical ABI by hand: it answers "continue" with its
// payload, asks the host for a configuration value, and traps on the action "trap".
#include <stdint.h>
#include <stddef.h>

#define IMPORT(m, n) __attribute__((import_module(m), import_name(n)))
#define EXPORT(n) __attribute__((export_name(n)))

IMPORT("astrid:sys/host@1.0.0", "log")
extern void sys_log(int32_t level, const char *text, size_t len);
IMPORT("astrid:sys/host@1.0.0", "get-config")
extern void sys_get_config(const char *key, size_t len, uint8_t *out);
IMPORT("astrid:ipc/host@1.0.0", "subscribe")
extern void ipc_subscribe(const char *topic, size_t len, uint8_t *out);
IMPORT("astrid:ipc/host@1.0.0", "[resource-drop]subscription")
extern void ipc_drop_subscription(int32_t handle);

static uint8_t heap[1 << 16];
static size_t used;

EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
	used = (used + align - 1) & ~(align - 1);
	if (used + size > sizeof heap) __builtin_trap();
	uint8_t *p = heap + used;
	used += size;
	for (size_t i = 0; i < old_size && i < size; i++) p[i] = ((uint8_t *)old)[i];
	return p;
}

struct result { const char *action; size_t action_len; uint8_t some; const uint8_t *data; size_t data_len; };
static struct result answer;

EXPORT("astrid-hook-trigger")
struct result *trigger(const char *action, size_t len, const uint8_t *payload, size_t payload_len) {
	uint8_t area[16];
	for (int i = 0; i < 16; i++) area[i] = 0xee; // the stub has to overwrite it
	sys_get_config("key", 3, area);
	sys_log(2, action, len);
	ipc_subscribe("p", 1, area);
	if (area[0] != 0) __builtin_trap();
	ipc_drop_subscription(*(int32_t *)(area + 4));
	if (len == 4 && action[0] == 't' && action[1] == 'r') __builtin_trap();
	answer = (struct result){"continue", 8, 1, payload, payload_len};
	return &answer;
}

EXPORT("cabi_post_astrid-hook-trigger")
void trigger_post(struct result *r) { used = 0; }

EXPORT("astrid-install")
void install(void) {}
