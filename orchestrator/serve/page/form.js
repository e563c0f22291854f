// A form made from the input schema of a tool (JSON Schema), and the JSON that somebody filled in.
// What a field cannot show is written as JSON, and the server holds all of it against the schema.

import { h } from "./dom.js";

const deepest = 3; // of objects in objects that are shown as fields

/** A schema with its references inside the document followed, and "or null" taken off. */
function plain(schema, root) {
  let nullable = false;
  for (let looks = 0; looks < 8 && schema && typeof schema === "object"; looks++) {
    if (typeof schema.$ref === "string" && schema.$ref.startsWith("#/")) {
      const { $ref, ...beside } = schema;
      const target = $ref.slice(2).split("/").reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], root);
      schema = { ...target, ...beside };
      continue;
    }
    const several = schema.anyOf ?? schema.oneOf;
    const rest = several?.filter((one) => one?.type !== "null");
    if (rest?.length === 1) {
      nullable ||= several.length > 1;
      const { anyOf, oneOf, ...beside } = schema;
      schema = { ...rest[0], ...beside };
      continue;
    }
    if (schema.allOf?.length === 1) {
      const { allOf, ...beside } = schema;
      schema = { ...allOf[0], ...beside };
      continue;
    }
    break;
  }
  schema = schema && typeof schema === "object" ? schema : {};
  let type = schema.type;
  if (Array.isArray(type)) {
    nullable ||= type.includes("null");
    const rest = type.filter((t) => t !== "null");
    type = rest.length === 1 ? rest[0] : undefined;
  }
  return { ...schema, type, nullable };
}

let numbered = 0;

/** A field: what is shown, and read(), its JSON as text, undefined where it is left out. */
function field(name, schema, required, root, depth) {
  schema = plain(schema, root);
  if (schema.type === "object" && schema.properties && depth < deepest) return fieldset(name, schema, required, root, depth);
  const id = `field-${++numbered}`;
  const { element, read } = control(schema, required, root);
  element.id = id;
  const help = [schema.description, limits(schema, root)].filter(Boolean).join(" ");
  if (help) element.setAttribute("aria-describedby", `${id}-help`);
  element.required = required && !["boolean", "string", "array"].includes(schema.type); // a text and a list may be empty
  const label = h("label", { for: id }, h("span", { class: "field-name" }, name), required ? h("span", { class: "required" }, "required") : null);
  const shown = h("div", { class: element.type === "checkbox" ? "field check" : "field" }, label, element, help && h("p", { class: "help", id: `${id}-help` }, help));
  return { shown, read, name };
}

/** What a schema allows, as far as no control shows it. */
function limits(schema, root) {
  const say = [];
  if (schema.type === "integer") say.push("A whole number.");
  if (schema.minimum !== undefined) say.push(`At least ${schema.minimum}.`);
  if (schema.maximum !== undefined) say.push(`At most ${schema.maximum}.`);
  if (schema.pattern) say.push(`As ${schema.pattern}.`);
  if (schema.type === "array") say.push(onePerLine(plain(schema.items, root)) ? "One a line." : "A list in JSON.");
  else if (!schema.enum && !["string", "integer", "number", "boolean"].includes(schema.type)) say.push("In JSON.");
  return say.join(" ");
}

/** Whether the elements of a list can be written one a line. */
const onePerLine = (items) => ["string", "integer", "number", "boolean"].includes(items.type);

function control(schema, required, root) {
  if (schema.enum || schema.const !== undefined) return choice(schema.enum ?? [schema.const], schema, required);
  if (schema.type === "boolean") return truth(schema, required);
  if (schema.type === "integer" || schema.type === "number") return number(schema);
  if (schema.type === "string") return text(schema, required);
  if (schema.type === "array" && onePerLine(plain(schema.items, root))) return lines(schema, plain(schema.items, root), required);
  return json(schema);
}

function choice(values, schema, required) {
  const chosen = schema.default === undefined ? "" : JSON.stringify(schema.default);
  const element = h("select", {}, required ? null : h("option", { value: "" }, "(left out)"),
    values.map((v) => h("option", { value: JSON.stringify(v), selected: JSON.stringify(v) === chosen }, typeof v === "string" ? v : JSON.stringify(v))));
  return { element, read: () => element.value || undefined };
}

function truth(schema, required) {
  if (!required && schema.default === undefined) return choice([true, false], schema, false); // it may be neither
  const element = h("input", { type: "checkbox", checked: schema.default === true });
  return { element, read: () => String(element.checked) };
}

// A number is handed on as it was written: one that is larger than JavaScript's stays exact.
function number(schema) {
  const element = h("input", { type: "text", inputmode: schema.type === "integer" ? "numeric" : "decimal", autocomplete: "off", value: schema.default ?? "",
    pattern: schema.type === "integer" ? "\\s*-?[0-9]+\\s*" : "\\s*-?[0-9]+([.][0-9]+)?([eE][+\\-]?[0-9]+)?\\s*", title: schema.type === "integer" ? "a whole number" : "a number" });
  const read = () => {
    const value = element.value.trim().replace(/^(-?)0+(?=[0-9])/, "$1");
    return value === "" ? undefined : isJSON(value) ? value : JSON.stringify(value);
  };
  return { element, read };
}

// Text that must be there may be empty.
function text(schema, required) {
  const long = schema.maxLength > 200 || schema.format === "multiline" || /\b(text|body|content|code)\b/i.test(schema.description ?? "");
  const props = { autocomplete: "off", spellcheck: "false", value: schema.default ?? "", maxlength: schema.maxLength };
  const element = long ? h("textarea", { rows: 3, ...props }) : h("input", { type: "text", ...props });
  return { element, read: () => (element.value === "" && !required ? undefined : JSON.stringify(element.value)) };
}

// What is no text is handed on as it was written.
function lines(schema, items, required) {
  const element = h("textarea", { rows: 3, spellcheck: "false", value: (schema.default ?? []).join("\n") });
  return {
    element,
    read: () => {
      const list = element.value.split("\n").map((line) => (items.type === "string" ? line : line.trim())).filter((line) => line !== "");
      if (list.length === 0 && !required) return undefined;
      return `[${list.map((line) => (items.type === "string" || !isJSON(line) ? JSON.stringify(line) : line)).join(",")}]`;
    },
  };
}

function isJSON(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function json(schema) {
  const element = h("textarea", { rows: 3, class: "code", spellcheck: "false", value: schema.default === undefined ? "" : JSON.stringify(schema.default, null, 2) });
  return {
    element,
    read: () => {
      const value = element.value.trim();
      if (value === "") return undefined;
      if (!isJSON(value)) throw Object.assign(new Error("What is written there is no JSON."), { at: element });
      return value;
    },
  };
}

function fieldset(name, schema, required, root, depth) {
  const inside = fields(schema, root, depth + 1);
  const shown = h("fieldset", {}, h("legend", {}, name, required ? h("span", { class: "required" }, "required") : null),
    schema.description && h("p", { class: "help" }, schema.description), inside.map((f) => f.shown));
  return {
    shown, name,
    read: () => {
      const text = object(inside);
      return text === "{}" && !required ? undefined : text;
    },
  };
}

function fields(schema, root, depth) {
  const required = new Set(schema.required ?? []);
  const names = Object.keys(schema.properties ?? {});
  names.sort((a, b) => required.has(b) - required.has(a)); // what must be there comes first, else the author's order
  return names.map((name) => field(name, schema.properties[name], required.has(name), root, depth));
}

function object(list) {
  const parts = [];
  for (const f of list) {
    const value = f.read();
    if (value !== undefined) parts.push(`${JSON.stringify(f.name)}:${value}`);
  }
  return `{${parts.join(",")}}`;
}

/**
 * The fields of a tool's input schema: what is shown, and read(), the arguments as the text of a JSON
 * object. A schema that names no properties, and allows some, gets one field of JSON.
 */
export function inputs(schema) {
  const root = schema ?? {};
  const top = plain(root, root);
  const list = fields(top, root, 1);
  const open = list.length === 0 && (schema === undefined || schema === null || top.additionalProperties !== false && !top.properties);
  if (!open) return { shown: list.map((f) => f.shown), read: () => object(list) };
  const only = field("arguments", { type: "object", description: "A JSON object." }, false, {}, deepest);
  return { shown: [only.shown], read: () => only.read() ?? "{}" };
}
