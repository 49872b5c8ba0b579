// Reads AsyncAPI documents with the official parser:
//
//   node tests/conformance/asyncapi.mjs WEB FILE...     WEB: the folder with node_modules
//
// Prints what the parser finds; exit code 1 for an error or a warning.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const information = 2; // of severities, which begin with error and warning

async function isSound(Parser, file) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'));
  const serious = diagnostics.filter((one) => one.severity < information);
  for (const { code, message, path } of serious) {
    console.error(`${file}: ${path.join('.')}: ${message} (${code})`);
  }
  if (!document || serious.length > 0) return false;
  const channels = document.channels().all();
  const count = channels.reduce((sum, channel) => sum + channel.messages().length, 0);
  console.log(`${file}: AsyncAPI ${document.version()}, ${channels.length} channels, `
    + `${document.operations().length} operations, ${count} messages`);
  return true;
}

const [web, ...files] = process.argv.slice(2);
const { Parser } = createRequire(join(resolve(web), '/'))('@asyncapi/parser');
let areSound = files.length > 0;
for (const file of files) areSound = (await isSound(Parser, file)) && areSound;
process.exit(areSound ? 0 : 1);
