// A capsule with one tool. It writes a text in title case: "hello, world" becomes "Hello, World".

import { trigger } from "./tools.js";

// The tools, by name. Each has a route in [subscribe] of Capsule.toml. What run throws is the
// tool's error.
const tools = {
  title_case: {
    description: "Writes a text in title case.",
    input_schema: {
      type: "object",
      properties: { text: { type: "string", description: "What to write so." } },
      required: ["text"],
    },
    run: ({ text }) => titleCase(text),
  },
};

function titleCase(text) {
  return text.replace(/\p{L}+/gu, (word) => word[0].toUpperCase() + word.slice(1).toLowerCase());
}

// The runtime calls this with a handler's name and the event's bytes.
export function astridHookTrigger(action, payload) {
  return trigger(tools, action, payload);
}
