export { default as yargsParser } from "yargs-parser";
