import { z } from 'zod';

const megabyte = 2 ** 20;

const text = z.string().min(1);
const optionalText = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));
const portNumber = z.coerce.number().int().min(1).max(65_535);
const bytes = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/**
 * Every variable that the programs read. `shipway up` sets those without a default; a program started alone needs them
 * from its own environment (docs/configuration.md).
 */
const schema = z.object({
  /** Folder of repositories, images, logs, secrets, the embedded database. */
  SHIPWAY_DATA: text,
  /** Tells this platform's containers from those of others on the same engine. */
  SHIPWAY_PLATFORM_ID: z.string().regex(/^[a-z0-9]{4,16}$/),
  /** The router's public port. */
  SHIPWAY_PORT: portNumber.default(8080),
  /** Address the router listens on. */
  SHIPWAY_LISTEN: text.default('0.0.0.0'),
  /** The platform's own host name; apps live below it. */
  SHIPWAY_DOMAIN: text.default('localhost'),
  /** The server's own port, on loopback; the router forwards to it. */
  SHIPWAY_SERVER_PORT: portNumber,
  SHIPWAY_SERVER_HOST: text.default('127.0.0.1'),
  /** Shared secret of router and server. */
  SHIPWAY_ROUTER_TOKEN: text,
  /** The engine's password at the registry. */
  SHIPWAY_ENGINE_TOKEN: text,
  /** 32 bytes, hex: encrypts config vars (AES-256-GCM). */
  SHIPWAY_SECRET_KEY: z.string().regex(/^[0-9a-f]{64}$/),
  DATABASE_URL: text,
  /** Moves the queue from PostgreSQL to Redis. */
  REDIS_URL: optionalText,
  /** `unix:///var/run/docker.sock` or `tcp://host:port`. */
  DOCKER_HOST: text.default('unix:///var/run/docker.sock'),
  /** Largest pack that is taken. */
  SHIPWAY_MAX_PACK_BYTES: bytes(1024 * megabyte),
  SHIPWAY_BUILD_MEMORY_BYTES: bytes(2048 * megabyte),
  SHIPWAY_BUILD_CPUS: z.coerce.number().positive().default(2),
  SHIPWAY_BUILD_TIMEOUT_S: z.coerce.number().int().positive().default(1800),
  /** How many builds a worker runs side by side. */
  SHIPWAY_BUILD_CONCURRENCY: z.coerce.number().int().positive().default(2),
  /** PEM bundle that builds trust besides their own: sites with a mirror and a CA of their own. */
  SHIPWAY_BUILD_CA_FILE: optionalText,
  /** JSON object of variables that every build sees: mirrors and proxies (npm_config_registry, PIP_INDEX_URL, HTTPS_PROXY, ...). */
  SHIPWAY_BUILD_ENV: z
    .string()
    .default('{}')
    .transform((value) => z.record(z.string(), z.string()).parse(JSON.parse(value))),
  /** An image that the engine can pull, as the base of apps; without it Debian is bootstrapped from its packages. */
  SHIPWAY_BASE_IMAGE: optionalText,
  /** Where the bootstrapped base's packages come from; mmdebstrap's own choice by default. */
  SHIPWAY_DEBIAN_MIRROR: optionalText,
  /** Seconds that a web process has to bind its port (R10). */
  SHIPWAY_BOOT_TIMEOUT_S: z.coerce.number().positive().default(60),
  /** Seconds between SIGTERM and SIGKILL. */
  SHIPWAY_STOP_GRACE_S: z.coerce.number().positive().default(30),
});

export type Config = Readonly<z.output<typeof schema>>;

/** The environment of npm and of other clients of registries that the platform runs itself: where things are, and how this site reaches them. */
export function toolEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string>> {
  const kept =
    /^(PATH|HOME|LANG|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|npm_config_.*|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY)$/;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (kept.test(name) && value ? [[name, value]] : [])),
  );
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The only reader of the environment, beside the router's (router-config.ts). @throws Error that names every variable that is missing or wrong. */
export function readConfig(env: Environment = process.env): Config {
  const result = schema.safeParse(env);
  if (result.success) return Object.freeze(result.data);
  const problems = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`Cannot read the configuration:\n${problems.join('\n')}\nSee docs/configuration.md.`);
}
