// Buttons and menus under a message. What is pressed goes back to the bot as it came.

import { element, trouble } from "./dom.js";
import { newEvent, tell } from "./net.js";

export function controls(data) {
  const made = (data.buttons ?? []).map((button) =>
    element("button", { type: "button", class: button.kind, onclick: (event) => press(event.currentTarget, button.press, data.id) }, button.label));
  if (data.menu) made.push(menu(data.menu, data.id));
  return made;
}

// A choice is sent by the button beside it: a select that sends at once cannot be used with the arrow keys.
function menu({ label, press: action, choices }, message) {
  const name = `menu-${message}`;
  const select = element("select", { id: name }, choices.map(([text, value]) => element("option", { value }, text)));
  const go = element("button", { type: "submit" }, "Go");
  return element("form", { class: "menu", onsubmit: (event) => {
    event.preventDefault();
    press(go, `${action}:${select.value}`, message);
  } }, element("label", { for: name }, label), select, go);
}

// A double click is one press: the button rests until the bot has heard it.
async function press(button, action, message) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await tell("press", { event: newEvent(), press: action, message });
    trouble(null);
  } catch (error) {
    trouble(error.message);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}
