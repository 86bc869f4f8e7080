// Time series: /vendor/uplot.js, with /vendor/uPlot.min.css
export { default } from "uplot";
