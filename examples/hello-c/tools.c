// How Astrid's runtime asks a capsule for its tools, and calls them. It is the same for every
// capsule; the tools are in capsule.c.

#include "capsule.h"

#define EXECUTE TEXT("tool_execute_")

static struct answer deny(struct text action, struct text why)
{
	return (struct answer){TEXT("deny"), JOIN(action, TEXT(": "), why)};
}

// Whoever asked reads the answer from the topic; the runtime reads what is returned.
static struct answer describe(struct text action)
{
	struct text list = TEXT("");
	for (size_t i = 0; i < tool_count; i++)
		list = JOIN(list, i ? TEXT(",") : TEXT(""), TEXT("{\"name\":"), json_quote(tools[i].name),
			TEXT(",\"description\":"), json_quote(tools[i].description), TEXT(",\"input_schema\":"), tools[i].input_schema, TEXT("}"));
	struct text answer = JOIN(TEXT("{\"tools\":["), list, TEXT("],\"description\":\"\"}"));
	if (!publish(TEXT("tool.v1.response.describe.self"), answer))
		return deny(action, TEXT("the runtime refuses to publish the answer"));
	return (struct answer){TEXT("continue"), answer};
}

// The result goes out on a topic of its own: content is the JSON that the tool made, or the
// words of its failure.
static struct answer execute(struct text action, const struct tool *tool, struct text payload)
{
	struct text id = json_read(json_member(payload, TEXT("call_id")));
	if (!id.at)
		return deny(action, TEXT("the call has no call_id"));
	id = json_quote(id);
	struct outcome outcome = tool->run(json_member(payload, TEXT("arguments")));
	struct text result = JOIN(TEXT("{\"type\":\"tool_execute_result\",\"call_id\":"), id, TEXT(",\"result\":{\"call_id\":"), id,
		TEXT(",\"content\":"), json_quote(outcome.text), TEXT(",\"is_error\":"), outcome.failed ? TEXT("true") : TEXT("false"), TEXT("}}"));
	if (!publish(JOIN(TEXT("tool.v1.execute."), tool->name, TEXT(".result")), result))
		return deny(action, TEXT("the runtime refuses to publish the result"));
	return (struct answer){TEXT("continue"), {NULL, 0}};
}

struct answer handle(struct text action, struct text payload)
{
	if (same(action, TEXT("tool_describe")))
		return describe(action);
	for (size_t i = 0; i < tool_count; i++)
		if (same(action, JOIN(EXECUTE, tools[i].name)))
			return execute(action, &tools[i], payload);
	return deny(action, TEXT("there is no such tool"));
}
