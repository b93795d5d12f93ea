// A form that the bot opened: a dialog that comes back after a reload, until it is sent or put away.

import { element, trouble } from "./dom.js";
import { newEvent, tell } from "./net.js";

const open = new Map();

export function showForm({ id, form }) {
  if (open.has(id)) return;
  const fields = form.fields.map((field) => [field, input(id, field)]);
  const event = newEvent();
  const dialog = element("dialog", { class: "card-form", "aria-labelledby": `${id}-title` },
    element("form", { onsubmit: async (submitted) => {
      submitted.preventDefault();
      const values = Object.fromEntries(fields.map(([field, line]) => [field.name, line.value]));
      await send("press", { event, press: form.press, message: id, values });
    } },
    element("h2", { id: `${id}-title` }, form.title),
    fields.map(([field, line]) => [
      element("label", { for: line.id }, field.label, field.required ? "" : element("small", {}, " optional")), line]),
    element("div", { class: "controls" },
      element("button", { type: "submit", class: "primary" }, "Send"),
      element("button", { type: "button", onclick: () => send("close", { message: id }) }, "Close"))));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); send("close", { message: id }); });
  open.set(id, dialog);
  document.body.append(dialog);
  dialog.showModal();
}

export function withdrawForm(id) {
  open.get(id)?.close();
  open.get(id)?.remove();
  open.delete(id);
}

function input(id, field) {
  const attributes = { id: `${id}-${field.name}`, name: field.name, required: field.required, maxlength: 8000 };
  const line = field.long ? element("textarea", { ...attributes, rows: 4 }) : element("input", { ...attributes, type: "text" });
  line.value = field.value;
  return line;
}

// The form goes when the bot has taken the answer: then its message is deleted, here and in every other window.
async function send(path, body) {
  try {
    await tell(path, body);
    withdrawForm(body.message);
    trouble(null);
  } catch (error) {
    trouble(error.message);
  }
}
