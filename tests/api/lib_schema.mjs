// Holds a value to a schema of the OpenAPI document: as much of JSON Schema as that document uses.
import assert from 'node:assert/strict';

const is = {
	string: (value) => typeof value === 'string',
	integer: (value) => Number.isInteger(value),
	number: (value) => typeof value === 'number',
	boolean: (value) => typeof value === 'boolean',
	object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
	array: (value) => Array.isArray(value),
	null: (value) => value === null,
};
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/;

export function conforms(document, schema, value, at = '$') {
	if (schema.$ref) return conforms(document, schema.$ref.split('/').slice(1).reduce((node, name) => node[name], document), value, at);
	if (schema.anyOf) {
		if (value === null) return assert.ok(schema.anyOf.some((one) => one.type === 'null'), `${at} is null`);
		return conforms(document, schema.anyOf.find((one) => one.type !== 'null'), value, at);
	}
	if (schema.type) assert.ok(is[schema.type](value), `${at} is ${JSON.stringify(value)?.slice(0, 80)}, expected ${schema.type}`);
	if (schema.format === 'date-time') assert.match(value, time, at);
	if (schema.type === 'array') value.forEach((one, i) => conforms(document, schema.items, one, `${at}[${i}]`));
	if (!schema.properties) return;
	for (const name of schema.required) assert.ok(name in value, `${at}.${name} is missing`);
	for (const name of Object.keys(value)) {
		assert.ok(schema.properties[name], `${at}.${name} is not described`);
		conforms(document, schema.properties[name], value[name], `${at}.${name}`);
	}
}
