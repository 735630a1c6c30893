/** What the router reads: it has none of the server's secrets. Names and defaults are those of config.ts. */
export interface RouterConfig {
  readonly SHIPWAY_DATA: string;
  readonly SHIPWAY_PORT: number;
  readonly SHIPWAY_LISTEN: string;
  readonly SHIPWAY_DOMAIN: string;
  readonly SHIPWAY_SERVER_HOST: string;
  readonly SHIPWAY_SERVER_PORT: number;
  readonly SHIPWAY_ROUTER_TOKEN: string;
}

/**
 * The router's part of the configuration, apart from config.ts and checked by hand: a schema library would be a fifth of the program's
 * memory. @throws Error that names every variable that is missing or wrong.
 */
export function readRouterConfig(env: Readonly<Record<string, string | undefined>> = process.env): RouterConfig {
  const problems: string[] = [];
  const text = (name: keyof RouterConfig, fallback = ''): string => {
    const value = env[name] ?? fallback;
    if (value === '') problems.push(`  ${name}: missing`);
    return value;
  };
  const port = (name: keyof RouterConfig, fallback = ''): number => {
    const value = text(name, fallback);
    if (value !== '' && !(/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535)) {
      problems.push(`  ${name}: a port from 1 to 65535 was expected, not ${value}`);
    }
    return Number(value);
  };
  const config = {
    SHIPWAY_DATA: text('SHIPWAY_DATA'),
    SHIPWAY_PORT: port('SHIPWAY_PORT', '8080'),
    SHIPWAY_LISTEN: text('SHIPWAY_LISTEN', '0.0.0.0'),
    SHIPWAY_DOMAIN: text('SHIPWAY_DOMAIN', 'localhost'),
    SHIPWAY_SERVER_HOST: text('SHIPWAY_SERVER_HOST', '127.0.0.1'),
    SHIPWAY_SERVER_PORT: port('SHIPWAY_SERVER_PORT'),
    SHIPWAY_ROUTER_TOKEN: text('SHIPWAY_ROUTER_TOKEN'),
  };
  if (problems.length === 0) return Object.freeze(config);
  throw new Error(`Cannot read the configuration:\n${problems.join('\n')}\nSee docs/configuration.md.`);
}
