// A model server whose answers the test chooses, by the number of the question.
import { createServer } from "node:http";
import { hostileProse } from "./hostile.mjs";

/** What an attacker would make a model say. */
export const hostileAnswer = (n) => ({
	reasoning: hostileProse[n % hostileProse.length].replace(/[\ud800-\udfff](?![\udc00-\udfff])/g, ""),
	risk_factors: ["<b>bold</b>", "http://evil.example/\u202egpj.exe"],
	detected_brands: ['"><img src=x onerror=alert("brand")>'],
	is_phishing: n % 2 === 0,
	confidence: 0.9,
	risk_level: "high",
});

/** Every third is phishing, whatever its name. */
export const plainAnswer = (n) => ({
	reasoning: `Question ${n}: the name says little; it was judged by its turn.`,
	risk_factors: [],
	detected_brands: [],
	is_phishing: n % 3 === 0,
	confidence: 0.5 + (n % 50) / 100,
	risk_level: ["low", "medium", "high", "critical"][n % 4],
});

const reply = (answer) => ({
	id: "x",
	object: "chat.completion",
	model: "sim-judge",
	choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: JSON.stringify(answer) } }],
	usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
});

/** Listens on a free port; gives its address and its end. */
export async function startModelWorker(answerOf = plainAnswer) {
	let n = 0;
	const server = createServer((request, response) => {
		request.resume().on("end", () => {
			const body = request.url === "/v1/models" ? { object: "list", data: [{ id: "sim-judge", object: "model", max_model_len: 4096 }] } : request.url === "/v1/chat/completions" ? reply(answerOf(n++)) : request.url === "/version" ? { version: "0.32.0" } : {};
			response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
		});
	});
	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	return { url: `http://127.0.0.1:${server.address().port}`, stop: () => {
		server.close();
		server.closeAllConnections();
	} };
}
