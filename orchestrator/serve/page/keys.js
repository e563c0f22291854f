// Keys: one letter each, and none while somebody writes.

export function keys({ current }) {
  const help = document.getElementById("help");
  document.getElementById("keys").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const field = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    if (field) {
      if (event.key === "Escape") leave(field);
      return;
    }
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act(current(), help);
    current(); // where it led to is shown before the next key
  });
}

/** Leaves a field; one that filters is empty then, in every browser. */
function leave(field) {
  if (field.type === "search") {
    field.value = "";
    field.dispatchEvent(new Event("input"));
  }
  field.blur();
}

const actions = {
  j: () => step(1),
  k: () => step(-1),
  o: () => (location.hash = "#/"),
  l: () => (location.hash = "#/log"),
  t: () => {
    const tool = document.querySelector(".tool");
    if (!tool) return;
    tool.open = true;
    tool.querySelector("form input, form select, form textarea, form button").focus();
  },
  "/": (view) => (view.filter ?? document.getElementById("filter")).focus(),
  "?": (view, help) => help.showModal(),
};

/** Goes to the capsule that stands so many places further in the list. */
function step(by) {
  const all = [...document.querySelectorAll("#capsules a")];
  if (all.length === 0) return;
  const at = all.findIndex((a) => a.getAttribute("aria-current"));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
  next.click();
  next.focus();
}
