// Types of /vendor/uplot.js, found by tsc next to it.
export { default } from "uplot";
