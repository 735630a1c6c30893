import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

declare const COMMIT: string;

// Development dependencies are gone at run time; production ones are there.
const pruned = !existsSync('node_modules/esbuild') && existsSync('node_modules/ms');

createServer((_request, response) => response.end(`built from ${COMMIT}, pruned ${pruned}\n`)).listen(
  Number(process.env['PORT']),
  '0.0.0.0',
);
