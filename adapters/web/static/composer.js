// The line one types in: sends, completes, recalls what was typed before. A plain sentence is a prompt for /grid.

import { Completion } from "./completion.js";
import { announce, byId, element, trouble } from "./dom.js";
import { newEvent, tell } from "./net.js";

const REMEMBERED = 50;

export function startComposer(commands) {
  const line = byId("line");
  const sent = JSON.parse(sessionStorage.getItem("sent") ?? "[]");
  let recalled = sent.length;
  let pending = null;

  const completion = new Completion(line, commands, () => { grow(); hint(); });

  // The same text keeps its event until it was heard, so that sending it again after a lost answer makes no second job.
  async function send(text) {
    if (pending?.text !== text) pending = { text, event: newEvent() };
    const mine = pending;
    byId("send").disabled = true;
    try {
      await tell("say", mine);
      if (pending === mine) pending = null;
      remember(text);
      trouble(null);
      return true;
    } catch (error) {
      trouble(error.message);
      return false;
    } finally {
      byId("send").disabled = false;
      line.focus();
    }
  }

  function remember(text) {
    if (sent.at(-1) !== text) sent.push(text);
    sent.splice(0, sent.length - REMEMBERED);
    recalled = sent.length;
    sessionStorage.setItem("sent", JSON.stringify(sent));
  }

  function recall(step) {
    recalled = Math.max(0, Math.min(sent.length, recalled + step));
    write(sent[recalled] ?? "");
  }

  function write(text) {
    line.value = text;
    line.setSelectionRange(text.length, text.length);
    grow();
    hint();
    completion.close();
  }

  function grow() {
    line.style.height = "auto";
    line.style.height = `${Math.min(line.scrollHeight + 2, 200)}px`;
  }

  function hint() {
    const command = completion.command();
    const unused = command ? command.options.filter((option) => !completion.uses(option)) : [];
    byId("hint").replaceChildren(...(command ? [
      element("span", { class: "help" }, command.help),
      ...unused.map((option) => element("button", { type: "button", class: "chip", title: option.help, "aria-label": `Add ${option.name}: ${option.help}`,
        onclick: () => { write(`${line.value.trimEnd()} ${option.name}:`); line.focus(); completion.offer(); } }, option.name)),
    ] : [element("span", { class: "help" }, line.value && !line.value.startsWith("/") ? "Enter paints a grid of this prompt" : "")]));
  }

  async function submit() {
    const text = asCommand(line.value.trim(), commands);
    if (!text) return;
    completion.close();
    const before = line.value;
    if (await send(text) && line.value === before) write("");
  }

  byId("line-form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  line.addEventListener("input", () => { grow(); hint(); completion.offer(); });
  line.addEventListener("blur", () => completion.close());
  line.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (completion.key(event)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
    else if (event.key === "ArrowUp" && (line.value === "" || line.value === sent[recalled])) { event.preventDefault(); recall(-1); }
    else if (event.key === "ArrowDown" && line.value !== "" && line.value === sent[recalled]) { event.preventDefault(); recall(1); }
  });
  const height = () => document.documentElement.style.setProperty("--composer", `${byId("composer").offsetHeight}px`);
  new ResizeObserver(height).observe(byId("composer"));
  hint();

  return { focus: () => line.focus(), send: (text) => send(text).then((heard) => heard && announce("Sent")) };
}

// "a cat" is "/grid a cat"; a command's bare name is the command.
function asCommand(text, commands) {
  if (!text || text.startsWith("/")) return text;
  return commands.some(({ name }) => name === text.toLowerCase()) ? `/${text.toLowerCase()}` : `/grid ${text}`;
}
