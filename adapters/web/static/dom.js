// Elements made from data. Text only ever becomes text nodes: what a person typed is never read as HTML.

export const byId = (id) => document.getElementById(id);

// element("a", {class: "x", href: "y", onclick: f, dataset: {k: v}}, "text", child, null)
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// Read out by screen readers, once; clearing first makes the same words heard again. What comes at once is read together.
export function announce(text) {
  const place = byId("announcer");
  place.textContent = "";
  announced.push(text);
  requestAnimationFrame(() => { if (announced.length) place.textContent = announced.splice(0).join("\n"); });
}

const announced = [];

export function trouble(text) {
  const place = byId("trouble");
  place.textContent = text ?? "";
  place.hidden = !text;
}
