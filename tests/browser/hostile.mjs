// Text as an attacker would choose it, for every field that a stranger controls.

export const hostileDomains = [
	'"><img src=x onerror=alert(1)>.example',
	"evil\u202emoc.elgoog.example",
	"xn--80ak6aa92e.com",
	"pay\u200bpal\u00ad.example",
	`${"a".repeat(10_240)}.example`,
	"javascript:alert(1)",
	"login.examp1e-bank.example",
];

export const hostileProse = [
	'<script>alert("prose")</script> [click me](http://evil.example/login) <a href="http://evil.example">here</a>',
	"javascript:alert(1)//\u2066reordered\u2069 see https://phish.example/path?q=1",
	"`${alert(1)}` </textarea></title><svg onload=alert(1)>",
	"\u0000\u001b[31mred\u001b[0m \ud800 lone surrogate \u{e0041} tag",
	"{{constructor.constructor('alert(1)')()}} <iframe srcdoc='<script>alert(1)</script>'></iframe>",
];

export const hostileName = 'run <img src=x onerror=alert("name")> \u202etxt.exe';
