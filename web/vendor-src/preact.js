// What the pages use of preact, in one file: /vendor/preact.js
export * from "preact";
export * from "preact/hooks";
export * from "@preact/signals";
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
