import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import tar from 'tar-stream';
import { z } from 'zod';
import { createDockerClient } from '../../../runtime/engine/docker-client.ts';

const applets = ['sh', 'cat', 'cp', 'echo', 'grep', 'head', 'id', 'ip', 'ls', 'nc', 'nslookup', 'ping', 'sed', 'seq'];
const moreApplets = ['sleep', 'touch', 'tr', 'true', 'wget'];

/** A root file system of BusyBox alone (Debian: busybox-static), /app owned by 1000:1000. */
export async function busyboxTar(): Promise<Readable> {
  const pack = tar.pack();
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev']) pack.entry({ name, type: 'directory', mode: 0o755 });
  pack.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
  pack.entry({ name: 'app', type: 'directory', mode: 0o755, uid: 1000, gid: 1000 });
  pack.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile('/bin/busybox'));
  for (const applet of [...applets, ...moreApplets]) {
    pack.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  }
  pack.finalize();
  return Readable.from(pack);
}

const imported = z.object({ status: z.string().optional() });

/** Imports it into the engine. @returns the image's id. */
export async function importTestImage(host: string): Promise<string> {
  const client = createDockerClient(host);
  let id = '';
  for await (const { status } of client.jsonLines(imported, {
    action: 'import the test image',
    method: 'POST',
    path: '/images/create',
    query: { fromSrc: '-', changes: 'ENTRYPOINT ["/bin/sh", "-c"]' },
    tar: await busyboxTar(),
  })) {
    if (status?.startsWith('sha256:')) id = status;
  }
  client.close();
  return id;
}

export async function removeTestImage(host: string, id: string): Promise<void> {
  const client = createDockerClient(host);
  await client.call({ action: 'remove the test image', method: 'DELETE', path: `/images/${id}` });
  client.close();
}
