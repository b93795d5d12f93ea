// Starts the page: through the door, then the conversation and the composer.

import { startComposer } from "./composer.js";
import { startConversation } from "./conversation.js";
import { byId, trouble } from "./dom.js";
import { post } from "./net.js";
import { startUpload } from "./upload.js";
import { startViewer } from "./viewer.js";
import { startWelcome } from "./welcome.js";

let tries = 0;
let again = null;

startTheme();
enter();

// Only the newest try counts: whoever is impatient at the door comes in once.
async function enter(token = null) {
  clearTimeout(again);
  const mine = (tries += 1);
  try {
    const { commands } = await post("hello", { token });
    if (mine === tries) begin(commands);
  } catch (error) {
    if (mine === tries) stayOutside(error, token);
  }
}

function stayOutside(error, token) {
  if (error.status === 401 && token === null) return openDoor();
  trouble(error.message);
  if (error.status !== 401 && error.status !== 429) again = setTimeout(() => enter(token), 2000);
}

function begin(commands) {
  trouble(null);
  byId("door").hidden = true;
  byId("chat").hidden = byId("composer").hidden = false;
  const composer = startComposer(commands);
  startViewer();
  startWelcome(commands, composer);
  startConversation();
  startUpload();
  composer.focus();
}

function openDoor() {
  trouble(null);
  byId("door").hidden = false;
  byId("token").focus();
  byId("door-form").addEventListener("submit", (event) => {
    event.preventDefault();
    enter(byId("token").value);
  });
}

function startTheme() {
  const root = document.documentElement;
  const button = byId("theme");
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", dark() ? "Use the light theme" : "Use the dark theme"); };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    label();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();
}
