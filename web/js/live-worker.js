// The shared worker: one stream per browser, whatever the number of tabs.
//
// A tab says {topics} when it opens and {bye} when it goes; it hears the
// messages of stream.js.
import { Stream } from "./stream.js";

const stream = new Stream();

addEventListener("connect", (connection) => {
	const port = /** @type {MessageEvent} */ (connection).ports[0];
	if (!port) return;
	/** @param {import("./stream.js").Message} message */
	const listener = (message) => port.postMessage(message);
	port.onmessage = ({ data }) => {
		if (data.bye) stream.leave(listener);
		else stream.listen(listener, data.topics);
	};
});
