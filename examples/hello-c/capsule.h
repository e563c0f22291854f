// What the files of this capsule know of each other.
#include <stdbool.h>
#include <stddef.h>

// Bytes that somebody else owns; at is NULL where there are none.
struct text {
	const char *at;
	size_t len;
};

#define TEXT(literal) ((struct text){literal, sizeof literal - 1})

// What a tool has to say: JSON, or where it failed what went wrong, in words.
struct outcome {
	struct text text;
	bool failed;
};

struct tool {
	struct text name, description;
	struct text input_schema; // JSON
	struct outcome (*run)(struct text arguments);
};

// capsule.c: the tools.
extern const struct tool tools[];
extern const size_t tool_count;

// json.c: what a tool needs of JSON.
struct text json_member(struct text object, struct text key); // a member's value, as it is written
struct text json_read(struct text value);                     // the characters of a string; none if value is no string
struct text json_quote(struct text text);                     // text as a string

// What the runtime is told: what to do next, and JSON for whoever asked.
struct answer {
	struct text action, data;
};

// tools.c: answers the handlers that Capsule.toml names in [subscribe].
struct answer handle(struct text action, struct text payload);

// abi.c: publish puts JSON on a topic that Capsule.toml names in [publish], and is false where
// the runtime refuses it; what scratch gives is there until the call is over.
bool publish(struct text topic, struct text json);
char *scratch(size_t size);
bool same(struct text a, struct text b);
struct text join(const struct text *parts, size_t count);

#define JOIN(...) join((const struct text[]){__VA_ARGS__}, sizeof((const struct text[]){__VA_ARGS__}) / sizeof(struct text))
