// Completes commands, options and values as one types, from what the bot says of its commands.

import { byId, element } from "./dom.js";
import { get } from "./net.js";

const TOKEN = /(?:[^\s"]|"[^"]*(?:"|$))+/g;
const WAIT_MS = 120;

export class Completion {
  constructor(line, commands, changed) {
    this.line = line;
    this.commands = commands;
    this.changed = changed;
    this.list = byId("offers");
    this.offers = [];
    this.active = -1;
    this.asked = 0;
  }

  // The command that the line begins with, once its name is complete.
  command() {
    const name = this.line.value.match(/^\/(\S+)(?=\s|$)/)?.[1];
    return this.commands.find((command) => command.name === name) ?? null;
  }

  uses(option) {
    return tokens(this.line.value).some((token) => token.startsWith(`${option.name}:`) || token.startsWith(`${option.name}=`));
  }

  async offer() {
    const asked = (this.asked += 1);
    const offers = await this.find(asked);
    if (asked === this.asked) this.show(offers ?? []);
  }

  async find(asked) {
    const text = this.line.value.slice(0, this.line.selectionStart);
    if (!text.startsWith("/")) return [];
    if (!/\s/.test(text)) return this.names(text.slice(1));
    const command = this.command();
    const token = text.match(/\s$/) ? "" : tokens(text).at(-1) ?? "";
    const [, name, typed] = token.match(/^([a-z_]+)[:=]([\s\S]*)$/) ?? [];
    const option = command?.options.find((one) => one.name === name);
    if (option) return this.values(command, option, typed, token, asked);
    if (!command || token.length < 2) return [];
    return command.options.filter((one) => one.name.startsWith(token) && !this.uses(one))
      .map((one) => ({ insert: `${one.name}:`, replace: token, label: `${one.name}:`, help: one.help, again: true }));
  }

  names(typed) {
    const order = (command) => (command.name.startsWith(typed) ? 0 : 1);
    return this.commands.filter(({ name }) => name.includes(typed) && name !== typed).sort((a, b) => order(a) - order(b))
      .map(({ name, help }) => ({ insert: `/${name} `, replace: `/${typed}`, label: `/${name}`, help }));
  }

  async values(command, option, typed, token, asked) {
    const bare = typed.replace(/^"|"$/g, "");
    let found = option.choices;
    if (option.kind === "yesno" && found.length === 0) found = [["yes", "yes"], ["no", "no"]];
    if (option.completes) {
      await new Promise((resume) => setTimeout(resume, WAIT_MS));
      if (asked !== this.asked) return null;
      found = await get("complete", { command: command.name, option: option.name, typed: bare }).catch(() => []);
    } else found = found.filter(([label, value]) => value !== bare && (value.startsWith(bare) || label.toLowerCase().includes(bare.toLowerCase())));
    return found.map(([label, value]) => ({ insert: `${option.name}:${quoted(value)} `, replace: token, label: value, help: label.startsWith(value) ? label.slice(value.length).replace(/^[ ·]+/, "") : label }));
  }

  show(offers) {
    this.offers = offers;
    this.list.replaceChildren(...offers.map((offer, index) =>
      element("li", { role: "option", id: `offer-${index}`, "aria-selected": "false", onpointerdown: (event) => { event.preventDefault(); this.take(index); } },
        element("b", {}, offer.label), element("span", {}, offer.help))));
    this.list.hidden = offers.length === 0;
    this.line.setAttribute("aria-expanded", String(offers.length > 0));
    // A name half typed can only be meant to be completed; free text may be meant as it is.
    this.mark(offers.length > 0 && !/\s/.test(this.line.value) ? 0 : -1);
  }

  close() {
    this.asked += 1;
    if (this.offers.length) this.show([]);
  }

  // True if the key was meant for the list.
  key(event) {
    if (this.offers.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.mark((this.active + step + this.offers.length + (this.active < 0 && step < 0 ? 1 : 0)) % this.offers.length);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) this.take(Math.max(0, this.active));
    else if (event.key === "Enter" && this.active >= 0) this.take(this.active);
    else return false;
    return true;
  }

  mark(index) {
    this.active = index;
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    if (index < 0) this.line.removeAttribute("aria-activedescendant");
    else this.line.setAttribute("aria-activedescendant", `offer-${index}`);
  }

  take(index) {
    const offer = this.offers[index];
    const caret = this.line.selectionStart;
    const before = this.line.value.slice(0, caret - offer.replace.length) + offer.insert;
    this.line.value = before + this.line.value.slice(caret).replace(/^\s+/, "");
    this.line.setSelectionRange(before.length, before.length);
    this.close();
    this.changed();
    if (offer.again) this.offer();
  }
}

const tokens = (text) => text.match(TOKEN) ?? [];
const quoted = (value) => (/\s/.test(value) ? `"${value.replaceAll('"', "'")}"` : value);
