// *bold* and `code`, as the bot writes them; everything else stays as it is.

import { element } from "./dom.js";

const MARKED = /`([^`\n]+)`|(?<![\p{L}\p{N}*])\*(\S(?:[^*\n]*\S)?)\*(?![\p{L}\p{N}*])/gu;

// Nodes for a text. Inside code nothing is bold; a lone star or backtick is itself.
export function rich(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(MARKED)) {
    nodes.push(text.slice(end, match.index));
    nodes.push(match[1] === undefined ? element("strong", {}, match[2]) : element("code", {}, match[1]));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

export const plain = (text) => text.replace(MARKED, (whole, code, bold) => code ?? bold);
