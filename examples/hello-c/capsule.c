// A capsule with one tool. It masks the digits of a text: "pin 1234" becomes "pin ####".

#include "capsule.h"

static struct outcome mask_digits(struct text arguments)
{
	struct text given = json_read(json_member(arguments, TEXT("text")));
	if (!given.at)
		return (struct outcome){TEXT("text is missing, or is no string"), true};
	char *masked = scratch(given.len);
	for (size_t i = 0; i < given.len; i++)
		masked[i] = given.at[i] >= '0' && given.at[i] <= '9' ? '#' : given.at[i];
	return (struct outcome){json_quote((struct text){masked, given.len}), false};
}

// Each tool has a route in [subscribe] of Capsule.toml.
const struct tool tools[] = {
	{
		TEXT("mask_digits"),
		TEXT("Masks the digits of a text."),
		TEXT("{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\",\"description\":\"What to mask.\"}},\"required\":[\"text\"]}"),
		mask_digits,
	},
};
const size_t tool_count = sizeof tools / sizeof *tools;
