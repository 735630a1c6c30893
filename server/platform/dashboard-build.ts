import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

const root = join(import.meta.dirname, '..', '..');
const source = join(root, 'server', 'dashboard');
const stampPath = join(source, 'dist', '.source-digest');

/** Digest of the dashboard's sources: it is built again only when they changed. */
async function sourceDigest(): Promise<string> {
  const digest = createHash('sha256');
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.filter((candidate) => !candidate.startsWith(join(source, 'dist'))).sort()) {
    digest.update(path.slice(source.length)).update(await readFile(path));
  }
  return digest.digest('hex');
}

/** Builds the dashboard where its sources are newer than what was built. @throws Error with Vite's own words. */
export async function buildDashboard(say: (line: string) => void): Promise<void> {
  const wanted = await sourceDigest();
  const built = await readFile(stampPath, 'utf8').catch(() => '');
  if (built === wanted) return;
  say('Building the dashboard');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const result = await run(process.execPath, [vite, 'build', source, '--logLevel', 'warn'], { cwd: root });
  if (result.exitCode !== 0) throw new Error(`Cannot build the dashboard:\n${result.stderr || result.stdout}`);
  await writeFile(stampPath, wanted);
}
