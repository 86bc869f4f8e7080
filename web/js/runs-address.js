// Which runs are asked for, and the address of that question, each made from the other: pure.

/** @typedef {{states: string[], q: string, dataset: string, rest: [string, string][]}} Question `rest`: what nobody knows is kept */

/** In the order of a run's life. */
export const runStates = ["draft", "queued", "running", "paused", "waiting", "finished", "stopped", "failed"];

/** @param {string} search "?state=running,paused&q=…" @returns {Question} */
export function readQuestion(search) {
	const query = new URLSearchParams(search);
	const wanted = (query.get("state") ?? "").split(",");
	return {
		states: runStates.filter((state) => wanted.includes(state)),
		q: query.get("q") ?? "",
		dataset: query.get("dataset") ?? "",
		rest: [...query].filter(([key]) => !["state", "q", "dataset"].includes(key)),
	};
}

/** What the API is asked. @param {Question} question */
export function queryOf({ states, q, dataset }) {
	const query = new URLSearchParams();
	if (states.length > 0) query.set("state", states.join(","));
	if (q.trim() !== "") query.set("q", q.trim());
	if (dataset !== "") query.set("dataset", dataset);
	return query;
}

/** The search of the page's address, "" for all runs. @param {Question} question */
export function searchOf(question) {
	const query = queryOf(question);
	for (const [key, value] of question.rest) query.append(key, value);
	const text = query.toString().replaceAll("%2C", ",");
	return text === "" ? "" : `?${text}`;
}

/** @param {Question} question */
export const asksForAll = ({ states, q, dataset }) => states.length === 0 && q.trim() === "" && dataset === "";

/** @param {Question} question @param {string} state @returns {Question} */
export const toggledState = (question, state) => ({
	...question,
	states: runStates.filter((each) => question.states.includes(each) !== (each === state)),
});
