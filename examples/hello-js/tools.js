// How Astrid's runtime asks a capsule for its tools, and calls them. It is the same for every
// capsule; the tools are in capsule.js.

import { publish } from "astrid:ipc/host@1.0.0";
import { log } from "astrid:sys/host@1.0.0";

// What goes wrong outside of a tool, such as a topic that [publish] does not name, denies the event.
export function trigger(tools, action, payload) {
  try {
    return action === "tool_describe" ? describe(tools) : execute(tools, action, payload);
  } catch (error) {
    return { action: "deny", data: `${action}: ${reason(error)}` };
  }
}

// Whoever asked reads the answer from the topic; the runtime reads what is returned.
function describe(tools) {
  const list = Object.entries(tools).map(([name, { description, input_schema }]) => ({ name, description, input_schema }));
  const answer = JSON.stringify({ tools: list, description: "" });
  publish("tool.v1.response.describe.self", answer);
  return { action: "continue", data: answer };
}

// The result goes out on a topic of its own: content is the JSON of what the tool returned, or
// the text of what it threw.
function execute(tools, action, payload) {
  const name = action.replace(/^tool_execute_/, "");
  if (name === action || !Object.hasOwn(tools, name)) {
    throw new Error("there is no such tool");
  }
  const { call_id, arguments: given } = JSON.parse(decode(payload));
  const result = { call_id, content: "", is_error: false };
  try {
    result.content = JSON.stringify(tools[name].run(given ?? {}) ?? null);
  } catch (error) {
    result.content = reason(error);
    result.is_error = true;
  }
  publish(`tool.v1.execute.${name}.result`, JSON.stringify({ type: "tool_execute_result", call_id, result }));
  return { action: "continue" };
}

// What the runtime refuses has a tag that says why. The log tells the line, which nothing else knows.
function reason(error) {
  if (error?.stack) {
    log("error", `${error}\n${error.stack}`);
  }
  return String(error?.payload?.tag ?? error?.message ?? error);
}

// QuickJS has no TextDecoder.
function decode(bytes) {
  let text = "";
  for (const byte of bytes) {
    text += "%" + byte.toString(16).padStart(2, "0");
  }
  return decodeURIComponent(text);
}
