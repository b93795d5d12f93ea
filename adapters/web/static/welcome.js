// The first screen: what this is, and something to click. And the shortcuts in the header.

import { byId, element } from "./dom.js";

const EXAMPLES = ["a cat wearing neon glasses", "a rabbit in the snow", "a rocket in space"];
const SHORTCUTS = [["history", "History"], ["queue", "Queue"], ["styles", "Styles"], ["help", "Help"]];

export function startWelcome(commands, composer) {
  const known = new Set(commands.map((command) => command.name));
  byId("examples").replaceChildren(...EXAMPLES.map((prompt) =>
    element("li", {}, element("button", { type: "button", onclick: () => composer.send(`/grid ${prompt}`) }, prompt))));
  byId("shortcuts").replaceChildren(...SHORTCUTS.filter(([name]) => known.has(name)).map(([name, label]) =>
    element("button", { type: "button", class: "quiet", onclick: () => composer.send(`/${name}`) }, label)));
  drawMosaic();
}

// Four by four blocks of two by two; one golden stone in each, at a place of its own.
function drawMosaic() {
  const golden = [2, 0, 3, 1, 1, 3, 0, 2, 0, 2, 1, 3, 3, 1, 2, 0];
  const svg = byId("mosaic");
  golden.forEach((place, block) => {
    for (let stone = 0; stone < 4; stone += 1) {
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const x = (block % 4) * 24 + (stone % 2) * 11;
      const y = Math.floor(block / 4) * 24 + Math.floor(stone / 2) * 11;
      for (const [name, value] of Object.entries({ x, y, width: 10, height: 10, rx: 1.5 })) rect.setAttribute(name, value);
      rect.setAttribute("class", stone === place ? "gold" : `stone tone-${(block * 7 + stone * 3) % 4}`);
      svg.append(rect);
    }
  });
}
