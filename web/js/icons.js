// Small drawings, 16 × 16, in the colour of the text beside them.
import { html } from "../vendor/preact.js";

const shapes = /** @type {const} */ ({
	running: "M4 2.5v11l9-5.5z",
	paused: "M4 3h3v10H4zM9 3h3v10H9z",
	stopped: "M3.5 3.5h9v9h-9z",
	finished: "M2.5 8.5l1.6-1.6 2.7 2.7 5.2-5.8 1.6 1.5-6.7 7.5z",
	failed: "M4 2.6L8 6.6l4-4L13.4 4l-4 4 4 4-1.4 1.4-4-4-4 4L2.6 12l4-4-4-4z",
	waiting: "M3 2h10v2.4L9.4 8 13 11.6V14H3v-2.4L6.600 8 3 4.400zM5 4l3 2.800L11 4z",
	queued: "M3 3h10v2H3zM3 7h10v2H3zM3 11h6v2H3z",
	draft: "M3 2h7l3 3v9H3zM9.500 3.500v2h2z",
	up: "M8 3.200a4.800 4.800 0 1 1 0 9.600 4.800 4.800 0 0 1 0-9.600z",
	half: "M8 2.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11zm0 1.800v7.400a3.700 3.700 0 0 0 0-7.400z",
	ring: "M8 2.500a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11zm0 1.800a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400z",
	warning: "M8 1.500L15.200 14H.800zM7.200 6v4h1.600V6zm0 5v1.600h1.600V11z",
	download: "M7 2h2v5.500h3L8 12 4 7.500h3zM2.500 13h11v1.500h-11z",
	copy: "M5 1.500h8.500V11H11v3.500H2.500V5H5zM6.500 3v2H11v4.500h1V3zM4 6.500V13h5.500V6.500z",
	upload: "M8 1.500L12 6.500H9V11H7V6.500H4zM2.500 13h11v1.500h-11z",
	link: "M6.500 4.500H4a3.500 3.500 0 0 0 0 7h2.500V10H4a2 2 0 0 1 0-4h2.500zM9.500 4.500H12a3.500 3.500 0 0 1 0 7H9.500V10H12a2 2 0 0 0 0-4H9.500zM5 7.200h6v1.600H5z",
});

/** @param {{name: keyof typeof shapes}} props */
export const Icon = ({ name }) =>
	html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path fill-rule="evenodd" d=${shapes[name]} /></svg>`;
