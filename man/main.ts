// Writes the manual page to where the package has it: dist/man/while-leader.1.
import { readFileSync, writeFileSync } from "node:fs";
import { manPage } from "./page.js";

const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
const { version } = JSON.parse(manifest) as { version: string };
// https://reproducible-builds.org/specs/source-date-epoch/: seconds
const { SOURCE_DATE_EPOCH: epoch } = process.env;
const date = (epoch ? new Date(Number(epoch) * 1_000) : new Date()).toISOString().slice(0, 10);
writeFileSync(new URL("while-leader.1", import.meta.url), manPage({ version, date }));
