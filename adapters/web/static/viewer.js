// One picture in full size, over the page: a cell with its facts, or a whole sheet. Arrow keys turn to the next cell.

import { byId, element } from "./dom.js";

let grid = null;
let index = 0;
let opener = null;

export function startViewer() {
  const dialog = byId("viewer");
  byId("viewer-close").addEventListener("click", () => dialog.close());
  byId("viewer-before").addEventListener("click", () => turn(-1));
  byId("viewer-next").addEventListener("click", () => turn(1));
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") turn(event.key === "ArrowLeft" ? -1 : 1);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    byId("viewer-stage").replaceChildren();
    opener?.focus();
  });
}

export function openCell(ofGrid, cell, from) {
  [grid, index, opener] = [ofGrid, ofGrid.cells.indexOf(cell), from];
  showCell();
  byId("viewer").showModal();
}

export function openPicture(picture, from) {
  [grid, opener] = [null, from];
  show(picture.alt, picture.url, picture.alt, picture.name, []);
  byId("viewer").showModal();
}

export const cellName = (cell) => `${cell.cell}, ${cell.column ?? (cell.unique ? "from your prompt" : "a filler")}`;

// Name and value of all that was measured about a cell: of a grid's one score, of a comparison's several.
export function cellScores(cell) {
  const scores = cell.scores ?? [["Score", cell.score]];
  return scores.filter(([, value]) => !cell.withheld && value !== null && value !== undefined).map(([name, value]) => [name, value.toFixed(3)]);
}

// Name and value of all that is known of a cell.
export function cellFacts(cell) {
  return [
    ["Prompt", cell.prompt],
    ["Seed", cell.seed],
    ...cellScores(cell),
    ["Source", cell.source === "prompt" ? null : cell.source],
    ["Withheld", cell.withheld],
  ].filter(([, value]) => value !== null && value !== undefined);
}

function turn(step) {
  if (!grid) return;
  index = (index + step + grid.cells.length) % grid.cells.length;
  showCell();
}

function showCell() {
  const cell = grid.cells[index];
  const alt = `${cellName(cell)}: ${cell.prompt ?? "a picture that is not from a prompt"}`;
  show(cellName(cell), cell.withheld ? null : `cells/${grid.id}/${cell.cell}`, alt, `${grid.id}-${cell.cell}.png`, cellFacts(cell));
}

function show(title, url, alt, name, facts) {
  byId("viewer-title").textContent = title;
  const single = grid === null;
  byId("viewer-before").hidden = byId("viewer-next").hidden = single;
  byId("viewer").classList.toggle("whole", single);
  const save = byId("viewer-save");
  save.hidden = !url;
  if (url) Object.assign(save, { href: url, download: name });
  byId("viewer-stage").replaceChildren(url ? full(url, alt) : sorry("This picture was withheld."));
  byId("viewer-facts").replaceChildren(...facts.flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, String(value))]));
}

const sorry = (text) => element("p", {}, text);

function full(url, alt) {
  const image = element("img", { src: url, alt });
  image.addEventListener("error", () => image.replaceWith(sorry("This picture is no longer kept. The grid can be painted again from its recipe.")));
  return image;
}
