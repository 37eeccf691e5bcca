// The lock file must be complete for every platform and must name no registry: npm writes an
// incomplete one when a registry lags behind, and `npm ci` then refuses it on other machines.
import { readFileSync } from "node:fs";

const lock = new URL("../package-lock.json", import.meta.url);
const packages = JSON.parse(readFileSync(lock, "utf8")).packages;
const problems = [];

for (const [path, entry] of Object.entries(packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    if (!packages[`node_modules/${name}`] && !packages[nested]) {
      problems.push(`${path || "the project"} needs ${name}, which the lock does not have`);
    }
  }
  if (entry.resolved) problems.push(`${path} names where it was fetched from: ${entry.resolved}`);
  if (path && !entry.link && !entry.integrity) problems.push(`${path} has no integrity hash`);
}

for (const problem of problems) console.error(problem);
console.log(`${Object.keys(packages).length} packages, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
