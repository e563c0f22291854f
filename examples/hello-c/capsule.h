// What capsule.c and abi.c know of each other.
#include <stddef.h>

struct text {
	const char *at;
	size_t len;
};

// What the kernel is told: what to do next, and JSON for whoever asked, at NULL for none.
struct answer {
	struct text action, data;
};

// Answers the handlers that Capsule.toml names in [subscribe].
struct answer handle(struct text action, struct text payload);

// Memory that is there until the next call.
void *scratch(size_t size);
