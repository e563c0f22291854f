// Elements, made of text and never of markup: what a compiler or a capsule says stays text.

const svgSpace = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false && c !== ""));
  return element;
}

/** An element of HTML. Names that begin with "on" are listeners; what is undefined, null or false is left out. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An element of SVG. */
export const s = (tag, props, ...children) => fill(document.createElementNS(svgSpace, tag), props, children);

/** Fills element anew where key is not the one of the last time: what nobody changed keeps its focus and its scroll. */
export function redraw(element, key, make) {
  if (element.drawn === key) return false;
  element.drawn = key;
  element.replaceChildren(...[make()].flat(Infinity).filter(Boolean));
  return true;
}

/** A moment as a time of day, or as an age that tick() keeps true. */
export function moment(time, asAge = false) {
  const at = new Date(time);
  const element = h("time", { datetime: at.toISOString(), title: at.toLocaleString() }, asAge ? age(at) : clock(at));
  if (asAge) element.dataset.age = "";
  return element;
}

/** A time of day, as the terminal says it. */
export const clock = (at) => at.toLocaleTimeString(undefined, { hourCycle: "h23" });

/** How long ago something was, as the terminal says it. */
export function age(at, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

/** Keeps ages true; a second at a time is enough. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-age]")) {
    const text = age(new Date(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}
