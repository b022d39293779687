// PostgreSQL's own raw parser, by libpg-query: a JSON string with SQL on each line of the input, a JSON tree or error on
// each line of the output.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { loadModule, parseSync } = createRequire(process.argv[2] + "/")("libpg-query");
await loadModule();
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { stmts: parseSync(JSON.parse(line)).stmts ?? [] };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
