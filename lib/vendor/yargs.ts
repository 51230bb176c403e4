export { default as yargs } from "yargs";
