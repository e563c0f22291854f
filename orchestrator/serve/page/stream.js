// The stream of events. It is read with fetch and not with EventSource, because the token goes in a
// header: a cookie would be sent to every port of this machine.

const firstPause = 300; // ms until it is tried again
const longestPause = 5000;

/** Takes a stream of server-sent events apart, in whatever pieces it comes. */
export class Parser {
  #rest = "";
  #message = { id: "", event: "", data: "" };
  #told;

  constructor(told) {
    this.#told = told;
  }

  push(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  #line(line) {
    if (line === "") {
      const m = this.#message;
      this.#message = { id: "", event: "", data: "" };
      if (m.data !== "") this.#told(m);
      return;
    }
    const at = line.indexOf(":");
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (field === "data") this.#message.data += (this.#message.data && "\n") + value;
    else if (field === "id" || field === "event") this.#message[field] = value;
  }
}

/**
 * Follows the stream until the page is left, and comes again after what it was told last. to has
 * state(state), event(event) and link(how): "live", "lost", "ended" or "refused".
 */
export async function follow(token, to) {
  let last = "";
  let pause = firstPause;
  let ended = false; // the watch said so
  for (;;) {
    try {
      const response = await fetch("/api/events", { headers: { Authorization: `Bearer ${token}`, ...(last && { "Last-Event-ID": last }) } });
      if (response.status === 401) {
        to.link("refused");
        return;
      }
      if (!response.ok) throw new Error(response.statusText);
      to.link("live");
      pause = firstPause;
      ended = false;
      const parser = new Parser((message) => {
        if (message.event === "end") ended = true;
        else if (message.event === "state") to.state(JSON.parse(message.data));
        else to.event(JSON.parse(message.data));
        if (message.id) last = message.id;
      });
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) parser.push(decoder.decode(part.value, { stream: true }));
    } catch {
      // It is tried again, whatever broke it.
    }
    to.link(ended ? "ended" : "lost");
    await new Promise((go) => setTimeout(go, ended ? longestPause : pause));
    pause = Math.min(2 * pause, longestPause);
  }
}

/** Asks the server for JSON; an error is an Error with the server's words and its hint. */
export async function ask(token, path, { body, signal } = {}) {
  const headers = { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) };
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the watch does not answer");
  }
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { hint: answer.hint ?? "" });
  return answer;
}
