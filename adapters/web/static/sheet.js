// A sheet with its cells: pointing at one shows what it is, opening it shows it in full size. Arrow keys move about.

import { element } from "./dom.js";
import { cellFacts, cellName, cellScores, openCell, openPicture } from "./viewer.js";

let sheets = 0;

export class Sheet {
  constructor(picture, grid) {
    this.grid = grid;
    this.number = (sheets += 1);
    const image = element("img", { src: picture.url, alt: picture.alt, onload: () => this.frame.style.setProperty("--shape", image.naturalWidth / image.naturalHeight) });
    this.frame = element("div", { class: picture.spoiler ? "frame veiled" : "frame" }, image);
    if (grid.boxes) this.layCells();
    const whole = element("button", { type: "button", class: "quiet", onclick: () => openPicture(picture, whole) }, "Open the sheet");
    this.figure = element("figure", { class: "sheet" }, this.frame,
      element("figcaption", {}, grid.boxes && !grid.compares ? this.marker() : null, picture.spoiler ? this.unveil() : null, whole), this.table());
  }

  layCells() {
    const cells = this.grid.cells.filter(({ cell }) => this.grid.boxes[cell]);
    this.buttons = new Map(cells.map((cell) => [cell.cell, this.button(cell)]));
    const rows = grouped(cells);
    this.tip = element("div", { class: "tip", id: `tip-${this.number}`, hidden: true, "aria-hidden": "true" });
    const area = element("div", { class: "cells", role: "grid", "aria-label": "Cells of the sheet. Move with the arrow keys, open with Enter." },
      [...rows.values()].map((row) => element("div", { role: "row" }, row.map(({ cell }) => this.buttons.get(cell)))));
    area.addEventListener("keydown", (event) => this.move(event));
    area.addEventListener("pointerleave", () => this.hideTip());
    area.addEventListener("focusout", () => this.hideTip());
    this.buttons.values().next().value?.setAttribute("tabindex", "0");
    this.frame.append(area, this.tip);
  }

  button(cell) {
    const made = element("button", { type: "button", role: "gridcell", tabindex: "-1", class: cell.unique ? "unique" : null, dataset: { cell: cell.cell },
      "aria-label": [cellName(cell), ...cellFacts(cell).map(([name, value]) => `${name} ${value}`)].join(", "),
      onclick: () => openCell(this.grid, cell, made) });
    const [left, top, width, height] = this.grid.boxes[cell.cell].map((part) => `${part * 100}%`);
    Object.assign(made.style, { left, top, width, height });
    made.addEventListener("pointerenter", () => this.showTip(cell, made));
    made.addEventListener("focus", () => {
      for (const other of this.buttons.values()) other.setAttribute("tabindex", other === made ? "0" : "-1");
      this.showTip(cell, made);
    });
    return made;
  }

  move(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Escape") return this.hideTip();
    const step = steps[event.key];
    const here = event.target.dataset.cell;
    if (!step || !here) return;
    event.preventDefault();
    this.buttons.get(`${String.fromCharCode(here.charCodeAt(0) + step[0])}${Number(here.slice(1)) + step[1]}`)?.focus();
  }

  showTip(cell, button) {
    this.tip.replaceChildren(element("b", {}, cellName(cell)), ...cellFacts(cell).map(([name, value]) => element("span", { class: KINDS[name] ?? "score" }, name === "Prompt" ? value : `${name} ${value}`)));
    this.tip.hidden = false;
    const low = button.offsetTop > this.frame.clientHeight / 2;
    const room = this.frame.clientWidth - this.tip.offsetWidth;
    const middle = button.offsetLeft + button.offsetWidth / 2 - this.tip.offsetWidth / 2;
    this.tip.style.left = `${Math.max(0, Math.min(middle, room))}px`;
    this.tip.style.top = `${low ? button.offsetTop - this.tip.offsetHeight - 8 : button.offsetTop + button.offsetHeight + 8}px`;
  }

  hideTip() {
    if (this.tip) this.tip.hidden = true;
  }

  marker() {
    const box = element("input", { type: "checkbox", onchange: () => this.frame.classList.toggle("marked", box.checked) });
    return element("label", { class: "marker" }, box, "Mark the pictures from the prompt");
  }

  unveil() {
    return element("button", { type: "button", onclick: (event) => { this.frame.classList.remove("veiled"); event.currentTarget.remove(); } }, "Show pictures that may be unsafe");
  }

  // The same data for whoever cannot point, drawn only when it is asked for.
  table() {
    const details = element("details", {}, element("summary", {}, "All cells as a table"));
    details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(this.rows()); });
    return details;
  }

  rows() {
    const line = (cell) => {
      const open = element("button", { type: "button", class: "link", onclick: () => openCell(this.grid, cell, open) }, cell.cell);
      return element("tr", {}, element("th", { scope: "row" }, open), element("td", {}, cell.column ?? (cell.unique ? "prompt" : "filler")), element("td", {}, cell.prompt ?? "a photo or drawing"),
        element("td", { class: "number" }, cell.seed === null || cell.seed === undefined ? "" : String(cell.seed)),
        ...names.map((name) => element("td", { class: "number" }, cell.withheld ? "withheld" : Object.fromEntries(cellScores(cell))[name] ?? "")));
    };
    const names = [...new Set(this.grid.cells.flatMap((cell) => cell.scores?.map(([name]) => name) ?? ["Score"]))];
    const head = ["Cell", "Kind", "Prompt", "Seed", ...names].map((name) => element("th", { scope: "col" }, name));
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All cells" },
      element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, this.grid.cells.map(line))));
  }
}

const KINDS = { Prompt: "prompt", Seed: "seed", Source: "source", Withheld: "withheld" };

const rowOf = ({ cell }) => cell.slice(1);

function grouped(cells) {
  const rows = new Map();
  for (const cell of cells) rows.set(rowOf(cell), [...(rows.get(rowOf(cell)) ?? []), cell]);
  return rows;
}
