// A capsule that masks the digits of a prompt: "pin 1234" becomes "pin ####".

#include "capsule.h"

#define TEXT(literal) ((struct text){literal, sizeof literal - 1})

static int same(struct text a, struct text b)
{
	size_t i = 0;
	while (i < a.len && i < b.len && a.at[i] == b.at[i])
		i++;
	return i == a.len && i == b.len;
}

static struct text mask_digits(struct text prompt)
{
	char *masked = scratch(prompt.len);
	for (size_t i = 0; i < prompt.len; i++)
		masked[i] = prompt.at[i] >= '0' && prompt.at[i] <= '9' ? '#' : prompt.at[i];
	return (struct text){masked, prompt.len};
}

struct answer handle(struct text action, struct text payload)
{
	if (same(action, TEXT("mask_digits")))
		return (struct answer){TEXT("modify"), mask_digits(payload)};
	return (struct answer){TEXT("continue"), {NULL, 0}};
}
