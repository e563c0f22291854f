// The Component Model's canonical ABI for the world in wit: what the runtime calls, and what it
// is called for. It changes only with the world. The caller of trigger asks cabi_realloc for
// memory, writes the arguments there, and reads the result from the address that it returns.

#include "capsule.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

// The world itself, of which astrid-dev and astrid-build make a component.
__asm__(".section \".custom_section.component-type:capsule\",\"\",@\n"
	".incbin \"world.bin\"\n");

#ifdef LIBC
#include <stdlib.h>

// Blocks are chained, so that all of them are given back when a call is over.
static struct block {
	struct block *next;
	_Alignas(16) char bytes[];
} *held;

char *scratch(size_t size)
{
	struct block *block = size <= (size_t)-1 - sizeof *block ? malloc(sizeof *block + size) : NULL;
	if (!block)
		abort();
	block->next = held;
	return (held = block)->bytes;
}

static void release(void)
{
	while (held) {
		struct block *next = held->next;
		free(held);
		held = next;
	}
}
#else
// Without a C library memory is handed out from the heap's base upwards, and all
// of it is free again when a call is over.
extern unsigned char __heap_base;
static size_t next;

char *scratch(size_t size)
{
	const size_t page = 65536;
	size_t at = next ? next : (size_t)&__heap_base;
	at = (at + 15) & ~(size_t)15; // nothing in the contract asks for more
	size_t end = at + size, have = __builtin_wasm_memory_size(0) * page;
	if (end < at || (end > have && __builtin_wasm_memory_grow(0, (end - have + page - 1) / page) == (size_t)-1))
		__builtin_trap();
	next = end;
	return (char *)at;
}

static void release(void)
{
	next = 0;
}
#endif

EXPORT("cabi_realloc")
void *cabi_realloc(const char *old, size_t old_size, size_t align, size_t size)
{
	if (!size)
		return (void *)align;
	char *block = scratch(size);
	for (size_t i = 0; i < old_size && i < size; i++)
		block[i] = old[i];
	return block;
}

// capsule-result as it lies in memory.
struct record {
	struct text action;
	unsigned char has_data;
	struct text data;
};

EXPORT("astrid-hook-trigger")
struct record *trigger(const char *action, size_t action_len, const char *payload, size_t payload_len)
{
	static struct record record;
	struct answer answer = handle((struct text){action, action_len}, (struct text){payload, payload_len});
	record = (struct record){answer.action, answer.data.at != NULL, answer.data};
	return &record;
}

EXPORT("cabi_post_astrid-hook-trigger")
void after_trigger(struct record *record)
{
	(void)record;
	release();
}

// result<_, error-code> as it lies in memory; only whether there is an error matters here.
struct published {
	unsigned char failed;
	unsigned char code[15];
} __attribute__((aligned(4)));

IMPORT("astrid:ipc/host@1.0.0", "publish")
extern void host_publish(const char *topic, size_t topic_len, const char *json, size_t json_len, struct published *result);

bool publish(struct text topic, struct text json)
{
	struct published result;
	host_publish(topic.at, topic.len, json.at, json.len, &result);
	return !result.failed;
}

bool same(struct text a, struct text b)
{
	size_t i = 0;
	while (i < a.len && i < b.len && a.at[i] == b.at[i])
		i++;
	return i == a.len && i == b.len;
}

struct text join(const struct text *parts, size_t count)
{
	size_t len = 0;
	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	char *out = scratch(len), *to = out;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < parts[i].len; j++)
			*to++ = parts[i].at[j];
	return (struct text){out, len};
}
