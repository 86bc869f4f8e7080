// Signing in: by the printed link (its token is in the fragment, which no server sees), or by pasting a token.
import { html, render, signal } from "../vendor/preact.js";
import { get, Problem, post } from "./api.js";
import { Brand, Pickers } from "./frame.js";
import { show, speak, t } from "./i18n.js";
import { ProblemText } from "./problems.js";

/** @import {Meta} from "./api-types" */

const meta = signal(/** @type {Meta | null} */ (null));
const problem = signal(/** @type {Problem | null} */ (null));
const busy = signal(false);

/** The page to go to: of this server, whatever the link says. @param {string | null} wanted */
export function safeNext(wanted) {
	if (wanted === null || !wanted.startsWith("/")) return "/runs";
	try {
		const address = new URL(wanted, location.origin);
		return address.origin === location.origin && address.pathname !== "/login"
			? address.pathname + address.search
			: "/runs";
	} catch {
		return "/runs";
	}
}

/** Takes token and next page out of the address, so that neither stays in the history. */
function takeFromAddress() {
	const fragment = new URLSearchParams(location.hash.slice(1));
	const query = new URLSearchParams(location.search);
	const next = safeNext(fragment.get("next") ?? query.get("next"));
	history.replaceState(null, "", next === "/runs" ? "/login" : `/login?next=${encodeURIComponent(next)}`);
	return { token: fragment.get("token"), next };
}

const { token: given, next } = takeFromAddress();

/** A link that was used before is no obstacle to somebody who is signed in. */
const isSignedIn = () =>
	get("/me", { stay: true }).then(
		() => true,
		() => false,
	);

/** @param {string} token */
async function signIn(token) {
	busy.value = true;
	problem.value = null;
	try {
		await post("/session", { token }, { stay: true });
		location.replace(next);
	} catch (reason) {
		if (!(reason instanceof Problem)) throw reason;
		if (reason.status === 401 && (await isSignedIn())) return location.replace(next);
		problem.value = reason;
		busy.value = false;
	}
}

/** @param {SubmitEvent} event */
function submit(event) {
	event.preventDefault();
	const form = /** @type {HTMLFormElement} */ (event.currentTarget);
	const token = String(new FormData(form).get("token") ?? "").trim();
	if (token !== "") signIn(token);
}

function Refusal() {
	if (problem.value === null) return null;
	if (problem.value.status === 401) return html`<p class="bar tone-bad">${t("login.refused")}</p>`;
	return html`<p class="bar tone-bad"><${ProblemText} problem=${problem.value} /></p>`;
}

function Server() {
	if (meta.value === null) return null;
	return html`<dl class="server">
		<div><dt>${t("login.server")}</dt><dd><code>${meta.value.instance}</code></dd></div>
		<div><dt>${t("login.started")}</dt><dd>${show().dateTime(meta.value.server_start)}</dd></div>
		<div><dt>${t("login.version")}</dt><dd>${meta.value.version} <span class="quiet">${meta.value.build}</span></dd></div>
	</dl>`;
}

const LoginPage = () => html`
	<header class="frame"><${Brand} /><span class="space"></span><${Pickers} /></header>
	<main id="main" class="login">
		<section class="panel">
			<h1>${t("login.title")}</h1>
			<div role="alert"><${Refusal} /></div>
			<form onSubmit=${submit}>
				<label for="token">${t("login.token")}</label>
				<input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required disabled=${busy.value} />
				<button type="submit" disabled=${busy.value}>${busy.value ? t("login.busy") : t("action.sign-in")}</button>
			</form>
			<p class="quiet">${t("login.where")}</p>
			<pre><code>mekiki serve</code></pre>
			<${Server} />
		</section>
	</main>`;

async function open() {
	await speak();
	document.title = t("title.login");
	render(html`<${LoginPage} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
	meta.value = await get("/meta", { stay: true }).catch(() => null);
}

open();
if (given !== null) signIn(given);
