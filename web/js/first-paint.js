// Runs before the first paint (not a module): theme and language are right from the first frame.
(() => {
	let theme = null;
	let language = null;
	try {
		theme = localStorage.getItem("theme");
		language = localStorage.getItem("language");
	} catch {}
	document.documentElement.dataset.theme = theme ?? "auto";
	document.documentElement.lang = language ?? (/^ja\b/.test(navigator.language) ? "ja" : "en");
})();
