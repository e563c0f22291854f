// A capsule that writes a text in title case: "hello, world" becomes "Hello, World".

// The handlers that Capsule.toml names in [subscribe].
const handlers = {
  title_case: (text) => ({ title: titleCase(text) }),
};

function titleCase(text) {
  return text.replace(/\p{L}+/gu, (word) => word[0].toUpperCase() + word.slice(1).toLowerCase());
}

// The kernel calls this with a handler's name and the event's bytes, and reads
// what to do next, and JSON for whoever asked.
export function astridHookTrigger(action, payload) {
  const handler = handlers[action];
  if (!handler) {
    return { action: "continue" };
  }
  const text = decodeURIComponent(escape(String.fromCharCode(...payload))); // the bytes are UTF-8
  return { action: "continue", data: JSON.stringify(handler(text)) };
}
