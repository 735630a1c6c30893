const owner = { id: 'u1', email: 'ada@example.com' };
const minuteMs = 60_000;

export interface Row {
  [field: string]: unknown;
}

export interface RecordedApp {
  app: Row & { name: string; maintenance: boolean };
  dynos: Row[];
  formation: (Row & { type: string; quantity: number; size: string })[];
  releases: (Row & { id: string; version: number })[];
  builds: (Row & { id: string; status: string })[];
  configVars: Record<string, string>;
}

const ago = (minutes: number): string => new Date(Date.now() - minutes * minuteMs).toISOString();

export function recordedApp(name: string, minutes = 3): RecordedApp['app'] {
  return {
    id: `id-${name}`,
    name,
    owner,
    maintenance: false,
    web_url: `http://${name}.localhost:8080/`,
    git_url: `http://localhost:8080/${name}.git`,
    created_at: ago(minutes + 60 * 24 * 40),
    updated_at: ago(minutes),
    released_at: ago(minutes),
    archived_at: null,
  };
}

function recordedDyno(name: string, state: string, version: number, minutes: number): Row {
  const type = name.split('.')[0] ?? name;
  return {
    id: `dyno-${name}-${version}`,
    name,
    type,
    state,
    command: type === 'web' ? 'node server.js' : 'node worker.js --queue mail,reports --concurrency 4',
    size: 'standard-1x',
    release: { id: `r${version}`, version },
    created_at: ago(minutes),
    updated_at: ago(minutes),
  };
}

export function recordedRelease(version: number, description: string, minutes: number, more: Row = {}) {
  return {
    id: `r${version}`,
    version,
    status: 'succeeded',
    description,
    current: false,
    user: owner,
    slug: { id: 'sha256:0123' },
    created_at: ago(minutes),
    updated_at: ago(minutes),
    ...more,
  };
}

export function recordedBuild(id: string, status: string, commit: string, minutes: number, more: Row = {}) {
  return {
    id,
    status,
    state: status,
    finished: status !== 'pending',
    user: owner,
    source_blob: { url: '', version: commit.padEnd(40, '0') },
    release: null,
    // The platform's public name, which need not be the one that the page was opened by.
    output_stream_url: `http://localhost:8080/streams/builds/${id}`,
    phases: status === 'pending' ? [] : recordedPhases,
    failure: null,
    ref: 'refs/heads/main',
    created_at: ago(minutes),
    updated_at: ago(minutes),
    ...more,
  };
}

const recordedPhases = [
  { name: 'receive', durationMs: 84 },
  { name: 'queue', durationMs: 31 },
  { name: 'build', durationMs: 412 },
  { name: 'image', durationMs: 96 },
  { name: 'start', durationMs: 371 },
  { name: 'route', durationMs: 12 },
];

export const buildLines = [
  '-----> Node.js app detected',
  '       Using Node.js 22.11.0 (engines.node ">=22")',
  '-----> Installing dependencies',
  '       package-lock.json changed in 1a2b3c4',
  '       \u001b[32madded 67 packages\u001b[0m in 2s',
  '       \u001b[1m\u001b[33m3 packages are looking for funding\u001b[0m',
  '-----> Making the image',
  '       3 of 4 layers reused',
  '-----> Launching',
  '       Released v12',
  '       http://shop.localhost:8080/ deployed',
];

export const logLines = Array.from({ length: 60 }, (_, index) => {
  const at = new Date(Date.UTC(2026, 10, 23, 7, 10, index)).toISOString().replace('Z', '000+00:00');
  const path = ['/', '/cart', '/items/42', '/healthz'][index % 4];
  if (index % 3 === 0) {
    return `${at} heroku[router]: at=info method=GET path="${path}" host=shop.localhost request_id=5f0c${index} fwd="127.0.0.1" dyno=web.1 connect=0ms service=${index % 7}ms status=200 bytes=512 protocol=http`;
  }
  if (index % 17 === 0) return `${at} app[worker.1]: \u001b[31mError: mail server refused the connection\u001b[0m`;
  if (index % 11 === 0)
    return `${at} app[worker.1]: \u001b[36mjob\u001b[0m report-${index} \u001b[32mdone\u001b[0m in 318 ms`;
  return `${at} app[web.${1 + (index % 2)}]: GET ${path} 200 ${index % 7} ms`;
});

/** Six apps, one for each state that a list can show. */
export function recordedWorld(): Map<string, RecordedApp> {
  const deploy = (version: number, minutes: number) =>
    recordedRelease(version, 'Deploy 9f3c1d2', minutes, { current: true, commit: '9f3c1d2' });
  const one = (name: string, parts: Partial<Omit<RecordedApp, 'app'>>, app: Row = {}): [string, RecordedApp] => [
    name,
    {
      app: { ...recordedApp(name), ...app } as RecordedApp['app'],
      dynos: [],
      formation: [],
      releases: [],
      builds: [],
      configVars: {},
      ...parts,
    },
  ];
  return new Map([
    one('shop', shopParts()),
    one('api-gateway', {
      dynos: [recordedDyno('web.1', 'up', 41, 9)],
      releases: [deploy(41, 9)],
      builds: [recordedBuild('b-gw', 'pending', '77ab01c', 0.1)],
    }),
    one('billing', { dynos: [recordedDyno('web.1', 'crashed', 7, 1)], releases: [deploy(7, 60 * 5)] }),
    one('docs-site', { dynos: [recordedDyno('web.1', 'up', 3, 60 * 30)], releases: [deploy(3, 60 * 30)] }),
    one(
      'legacy-reports',
      { dynos: [recordedDyno('web.1', 'up', 18, 4000)], releases: [deploy(18, 60 * 24 * 3)] },
      { maintenance: true },
    ),
    one('new-idea', {}),
  ]);
}

function shopParts(): Partial<Omit<RecordedApp, 'app'>> {
  return {
    dynos: [
      recordedDyno('web.1', 'up', 12, 3),
      recordedDyno('web.2', 'up', 12, 3),
      recordedDyno('worker.1', 'up', 12, 3),
    ],
    formation: [
      { id: 'f1', type: 'web', quantity: 2, size: 'standard-1x', command: 'node server.js' },
      { id: 'f2', type: 'worker', quantity: 1, size: 'standard-1x', command: 'node worker.js --queue mail' },
    ],
    releases: [
      recordedRelease(12, 'Deploy 1a2b3c4', 3, { current: true, commit: '1a2b3c4' }),
      recordedRelease(11, 'Deploy 88fe012', 50, {
        status: 'failed',
        failure: 'Cannot start release v11: nothing listened on port 5000 within 60 s. Bind 0.0.0.0:$PORT.',
      }),
      recordedRelease(10, 'Set STRIPE_KEY and MAIL_FROM config vars', 60 * 26),
      recordedRelease(9, 'Rollback to v7', 60 * 27, { user: { id: 'u2', email: 'grace@example.com' } }),
      recordedRelease(8, 'Deploy 0c0ffee', 60 * 28),
      recordedRelease(1, 'Set DATABASE_URL config var', 60 * 24 * 40, { slug: null }),
    ],
    builds: [
      recordedBuild('b3', 'succeeded', '1a2b3c4', 3),
      recordedBuild('b2', 'failed', '88fe012', 50, {
        failure: 'Cannot install dependencies: npm ci ended with status 1. See its output above.',
      }),
      recordedBuild('b1', 'succeeded', '0c0ffee', 60 * 28),
    ],
    configVars: {
      DATABASE_URL: 'postgres://shop:secret@db.internal:5432/shop',
      MAIL_FROM: 'orders@example.com',
      STRIPE_KEY: 'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
    },
  };
}
