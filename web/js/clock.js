// A signal that ticks each second, for ages: "0.4 s ago", "since 3 min".
import { signal } from "../vendor/preact.js";

export const now = signal(Date.now());
setInterval(() => {
	if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => {
	now.value = Date.now();
});
