// The Component Model's canonical ABI for
//
//   astrid-hook-trigger: func(action: string, payload: list<u8>) -> capsule-result
//   record capsule-result { action: string, data: option<string> }
//
// The caller asks cabi_realloc for memory, writes the arguments there, and reads
// the result from the address that trigger returns.

#include "capsule.h"

#define EXPORT(name) __attribute__((export_name(name)))

#ifdef LIBC
#include <stdlib.h>

static void *held[8]; // what is given back when a call is over
static size_t holding;

void *scratch(size_t size)
{
	void *block = malloc(size ? size : 1);
	if (!block || holding == sizeof held / sizeof *held)
		abort();
	return held[holding++] = block;
}

static void release(void)
{
	while (holding)
		free(held[--holding]);
}
#else
// Without a C library memory is handed out from the heap's base upwards, and all
// of it is free again when a call is over.
extern unsigned char __heap_base;
static size_t next;

void *scratch(size_t size)
{
	const size_t page = 65536;
	size_t at = next ? next : (size_t)&__heap_base;
	at = (at + 15) & ~(size_t)15; // nothing in the contract asks for more
	size_t end = at + size, have = __builtin_wasm_memory_size(0) * page;
	if (end < at || (end > have && __builtin_wasm_memory_grow(0, (end - have + page - 1) / page) == (size_t)-1))
		__builtin_trap();
	next = end;
	return (void *)at;
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
