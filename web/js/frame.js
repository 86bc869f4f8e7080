// What every page has around it: navigation, freshness, language, theme, zone, person.
import { html, signal } from "../vendor/preact.js";
import { get, remove } from "./api.js";
import { now } from "./clock.js";
import { show, t } from "./i18n.js";
import { build, connection } from "./live.js";
import { ProblemBar } from "./problems.js";
import { language, languages, theme, themes, zone, zones } from "./settings.js";
import { staleAfter } from "./stream.js";
import { Untrusted } from "./untrusted.js";

/** @import {Me} from "./api-types" */

export const me = signal(/** @type {Me | null} */ (null));

/** Who is looking; a page without a session goes to the login page here. */
export async function learnWho() {
	me.value = await get("/me");
}

/** May change things. */
export const isAdmin = () => me.value?.role === "admin";

/** The pages, in the order of the navigation. */
const pages = [
	{ href: "/runs", key: "page.runs" },
	{ href: "/workers", key: "page.workers" },
];

const opened = Date.now();

/** Whether the numbers on the page are of this moment: heard just now, or loaded while the stream is being opened. */
export function isFresh() {
	const { health, lastAt } = connection.value;
	const since = now.value - (lastAt === 0 ? opened : lastAt);
	return since < staleAfter && (health === "live" || lastAt === 0);
}

export function ConnectionChip() {
	const { health, lastAt } = connection.value;
	const age = Math.max(0, now.value - lastAt) / 1000;
	if (health === "live" && age * 1000 < staleAfter)
		return html`<span class="chip tone-good" data-health="live"><span class="dot"></span>${t("connection.live")}
			<span class="age">${t("unit.seconds", { n: show().number(age, age < 9.95 ? 1 : 0) })}</span></span>`;
	if (health === "live" || health === "stale")
		return html`<span class="chip tone-wait" data-health="stale"><span class="dot hollow"></span>
			${t("connection.stale", { age: t("unit.seconds", { n: Math.round(age) }) })}</span>`;
	return html`<span class="chip tone-bad" data-health="disconnected"><span class="dot cross"></span>
		${lastAt === 0 ? t("connection.connecting") : t("connection.disconnected", { time: show().moment(lastAt) })}</span>`;
}

/**
 * @template {string} T
 * @param {{label: string, prefix: string, choice: {value: T}, options: readonly T[]}} props
 */
function Picker({ label, prefix, choice, options }) {
	return html`<select aria-label=${label} value=${choice.value}
		onChange=${(/** @type {{currentTarget: HTMLSelectElement}} */ event) => {
			choice.value = /** @type {T} */ (event.currentTarget.value);
		}}>
		${options.map((each) => html`<option value=${each} selected=${each === choice.value}>${t(`${prefix}${each}`)}</option>`)}
	</select>`;
}

export function Pickers() {
	return html`<span class="pickers">
		<${Picker} label=${t("picker.zone")} prefix="zone." choice=${zone} options=${zones} />
		<${Picker} label=${t("picker.theme")} prefix="theme." choice=${theme} options=${themes} />
		<${Picker} label=${t("picker.language")} prefix="language." choice=${language} options=${languages} />
	</span>`;
}

async function signOut() {
	await remove("/session");
	location.replace("/login");
}

function Who() {
	if (me.value === null) return null;
	return html`<span class="who"><${Untrusted} text=${me.value.person} limit=${40} />
		<span class="quiet">${t(`role.${me.value.role}`)}</span>
		<button type="button" class="plain" onClick=${signOut}>${t("action.sign-out")}</button></span>`;
}

export function Brand() {
	return html`<a class="brand" href="/runs"><img src="/icons/mekiki.svg" alt="" width="20" height="20" />${t("brand")}</a>`;
}

/** A page whose server was replaced says so; reloading stays the reader's choice. */
function NewVersion() {
	const { first, now: current } = build.value;
	if (first === current) return null;
	return html`<div class="bar tone-wait">${t("version.new")}
		<button type="button" onClick=${() => location.reload()}>${t("action.reload")}</button></div>`;
}

/** @param {{children: unknown, crumbs?: unknown}} props */
export function Frame({ children, crumbs = null }) {
	return html`
		<a class="skip" href="#main">${t("frame.skip")}</a>
		<header class="frame">
			<${Brand} />
			<nav aria-label=${t("frame.navigation")}>
				${pages.map(({ href, key }) => html`<a href=${href} aria-current=${location.pathname.startsWith(href) ? "page" : null}>${t(key)}</a>`)}
			</nav>
			${crumbs}
			<span class="space"></span>
			<${ConnectionChip} />
			<${Pickers} />
			<${Who} />
		</header>
		<${NewVersion} />
		<${ProblemBar} />
		<main id="main" tabindex="-1" class=${isFresh() ? "" : "not-fresh"}>${children}</main>`;
}
